"""Transforms that replace mmsegmentation's of the same name in every pipeline."""

from __future__ import annotations

from typing import Any, final

from mmcv.transforms import BaseTransform

from ssl_seg.registry import TRANSFORMS


@TRANSFORMS.register_module()
@final
class LoadAnnotations(BaseTransform):
    """Read the label map of a sample, as class numbers of its label space.

    Stands for mmsegmentation's transform, so that its pipelines work unchanged. Its many-to-one
    gaps are filled: values of label files become class numbers by a checked table, and pseudo
    labels come from the store with their confidence threshold applied.

    Args:
        reduce_zero_label: accepted only as ``None`` or ``False``: the data set says how values are
            read.

    Adds ``gt_seg_map`` (H, W) uint8 and its entry in ``seg_fields``.
    """

    def __init__(self, *, reduce_zero_label: bool | None = None) -> None:
        if reduce_zero_label:
            raise ValueError(
                "LoadAnnotations.reduce_zero_label is set by the data set, not by the pipeline; "
                "leave it out"
            )

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the label map; see the class."""
        results["gt_seg_map"] = results["read_label"]()
        results["seg_fields"].append("gt_seg_map")
        return results
