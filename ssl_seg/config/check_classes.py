"""Check that a model predicts the classes that it should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssl_seg.core.space import LabelSpace


def check_classes(model: Mapping[str, Any], space: LabelSpace) -> None:
    """Check that every head of a model predicts a label space.

    Raises:
        ValueError: a head, or the class weights of its loss, have another number of classes; the
            message names the place.
    """
    for name in ("decode_head", "auxiliary_head"):
        for place, head in _parts(model.get(name), f"model.{name}"):
            _require_classes(head.get("num_classes"), space, f"{place}.num_classes is {{}}")
            for inner, loss in _parts(head.get("loss_decode"), f"{place}.loss_decode"):
                weights = loss.get("class_weight")
                count = len(weights) if isinstance(weights, (list, tuple)) else None
                _require_classes(count, space, f"{inner}.class_weight has {{}} entries")


def _parts(part: Any, where: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return one or several dicts with their places."""
    if not part:
        return []
    if isinstance(part, (list, tuple)) and len(part) > 1:
        return [(f"{where}[{position}]", entry) for position, entry in enumerate(part)]
    return [(where, part[0] if isinstance(part, (list, tuple)) else part)]


def _require_classes(count: int | None, space: LabelSpace, stated: str) -> None:
    if count is not None and count != len(space):
        raise ValueError(
            f"{stated.format(count)}, but models predict the label space {space.name!r}, which has "
            f"{len(space)} classes ({', '.join(space.classes)})"
        )
