"""The data sets that R comes from, where it has some of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ssl_seg.core.errors import UserError


def reference_sets(split: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the data sets that ``split.reference`` names; none where R is a part of train.

    Raises:
        UserError: the key is no data set, list of data sets or list file; or another one than the
            first has a pipeline.
    """
    reference = split.get("reference")
    if reference is None or isinstance(reference, str):
        return ()
    parts = [reference] if isinstance(reference, Mapping) else reference
    if not isinstance(parts, (list, tuple)) or not parts or not all(map(_is_data_set, parts)):
        raise UserError(
            "split.reference: expected a data set (a dict with a 'type'), a list of them, or a "
            f"list file, got {reference!r}"
        )
    for position, part in enumerate(parts[1:], start=1):
        if "pipeline" in part:
            raise UserError(
                f"split.reference[{position}].pipeline: all parts of R share one "
                "pipeline; set it on the first part"
            )
    return parts


def _is_data_set(part: Any) -> bool:
    return isinstance(part, Mapping) and "type" in part
