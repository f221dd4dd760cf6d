"""The fingerprint of a stage, derived from its fields: what it can read is what is hashed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from ssl_seg.core.case import Case, content_digest
from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.fingerprint import RESULT_FORMAT, fingerprint
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.stage_config import Neutral

NOT_HASHED = {"hashed": False}
"""Metadata of a field that is for people alone: it may change no bit of the artifact's results."""


def stage_fingerprint(stage: Any) -> str:
    """Return the name of a stage's artifact: the hash of all its fields.

    Left out are the fields of type `Neutral`, at any depth, and those with `NOT_HASHED`.

    Raises:
        TypeError: a field holds what is no plain data.
    """
    return fingerprint({"format": RESULT_FORMAT, **_fields(stage)})


def _fields(value: Any) -> dict[str, Any]:
    return {
        field.name: _plain(content)
        for field in fields(value)
        if field.metadata.get("hashed", True)
        and not isinstance(content := getattr(value, field.name), Neutral)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int, float)) or value is None:
        return value
    if isinstance(value, (LabelSpace, LabelValues, ClassMapping)):
        return value.plain()
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, Mapping):
        # JSON has no key None, which stands for the one network of images.
        texts = all(isinstance(key, str) for key in value)
        pairs = [[key, _plain(item)] for key, item in value.items()]
        return dict(pairs) if texts else pairs
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(item, Case) for item in value):
            return content_digest(value)
        return [_plain(item) for item in value]
    return value
