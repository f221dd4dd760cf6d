"""Check that a model predicts the classes that it should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace


def check_classes(model: Mapping[str, Any], space: LabelSpace, where: str = "") -> None:
    """Check that every head of a model predicts a label space.

    Args:
        model: config of an mmsegmentation segmentor, or of a model that states ``num_classes``.
        space: what it shall predict.
        where: of the model in the config, with a dot at its end.

    Raises:
        UserError: a head, or the class weights of its loss, have another number of classes, or it
            or the padding marks ignored pixels by another value; the message names the place.
    """
    padding = model.get("data_preprocessor") or {}
    _require_ignore(
        padding.get("seg_pad_val"), space, f"{where}model.data_preprocessor.seg_pad_val"
    )
    _require_classes(model.get("num_classes"), space, f"{where}model.num_classes is {{}}")
    for name in ("decode_head", "auxiliary_head"):
        for place, head in _parts(model.get(name), f"{where}model.{name}"):
            _require_ignore(head.get("ignore_index"), space, f"{place}.ignore_index")
            _require_classes(head.get("num_classes"), space, f"{place}.num_classes is {{}}")
            for inner, loss in _parts(head.get("loss_decode"), f"{place}.loss_decode"):
                weights = loss.get("class_weight")
                count = len(weights) if isinstance(weights, (list, tuple)) else None
                _require_classes(count, space, f"{inner}.class_weight has {{}} entries")


def _require_ignore(value: int | None, space: LabelSpace, place: str) -> None:
    """Check a value that mmsegmentation takes to be 255 unless it is given."""
    stated = 255 if value is None else value
    if stated != space.ignore:
        raise UserError(
            f"{place} is {stated}, but label space {space.name!r} marks ignored pixels by "
            f"{space.ignore}; both must be the same"
        )


def _parts(part: Any, where: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return one or several dicts with their places."""
    if not part:
        return []
    if isinstance(part, (list, tuple)) and len(part) > 1:
        return [(f"{where}[{position}]", entry) for position, entry in enumerate(part)]
    return [(where, part[0] if isinstance(part, (list, tuple)) else part)]


def _require_classes(count: int | None, space: LabelSpace, stated: str) -> None:
    if count is not None and count != len(space):
        raise UserError(
            f"{stated.format(count)}, but models predict the label space {space.name!r}, which has "
            f"{len(space)} classes ({', '.join(space.classes)})"
        )
