"""What a config, with all overlays in it, asks of pseudo labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ssl_seg.config.overlays import OVERLAYS

_BY_CONFIDENCE = ("threshold", "class_balanced", "calibrated", "weight")


def trusts_by_confidence(config: Mapping[str, Any]) -> bool:
    """Tell whether any training chooses or weighs pixels by their confidence."""
    return any(rule.get(key) for rule in _rules(config) for key in _BY_CONFIDENCE)


def asks_for_shares(config: Mapping[str, Any]) -> bool:
    """Tell whether any training asks how often pseudo labels are right."""
    return any(rule.get("calibrated") for rule in _rules(config))


def _rules(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what a config, and each overlay in it, says."""
    yield config.get("pseudo_labels") or {}
    for kind in OVERLAYS:
        for overlay in (config.get(kind) or {}).values():
            yield from _rules(overlay)
