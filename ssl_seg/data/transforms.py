"""Transforms that replace mmsegmentation's of the same name in every pipeline."""

from __future__ import annotations

from typing import Any, final

import mmcv
import numpy as np
from mmcv import transforms
from mmengine import fileio
from numpy.typing import NDArray

from ssl_seg.core.errors import UserError
from ssl_seg.data import (  # noqa: F401 - they register their own
    random_affine,
    slice_transforms,
    strong_transforms,
)
from ssl_seg.media.pictures.working_size import WorkingSize
from ssl_seg.registry import TRANSFORMS


@TRANSFORMS.register_module()
@final
class LoadImageFromFile(transforms.LoadImageFromFile):
    """Read the picture of a sample at its working size.

    Stands for mmcv's transform and takes its arguments too; what is not longer than ``max_side``
    is read by it. Of large JPEGs that mmcv's defaults would decode, no more is decoded than needed.

    Args:
        args: of mmcv's transform.
        max_side: longest side in pixels; ``None`` for the original size.
        kwargs: of mmcv's transform.

    Raises:
        UserError: ``max_side`` is no positive integer.

    Adds ``img`` (H, W, 3) uint8 in BGR, or what mmcv's arguments make of it, and its size
    ``img_shape`` (H, W). ``ori_shape``, at which labels are predicted, is the working size too.
    """

    def __init__(self, *args: Any, max_side: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._by_default = vars(self) == vars(transforms.LoadImageFromFile())
        self._size = WorkingSize(max_side)

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Read the picture; see the class."""
        if not self._by_default:
            if super().transform(results) is None:
                return None
            pixels = self._size.picture(results["img"])
        else:
            pixels = self._read(results["img_path"])
        results["img"] = pixels
        results["img_shape"] = results["ori_shape"] = pixels.shape[:2]
        return results

    def _read(self, path: str) -> NDArray[np.uint8]:
        """Do what mmcv does by default, from a file that is opened once."""
        content = fileio.get(path)
        pixels = self._size.decode_jpeg(content)
        if pixels is not None:
            return pixels
        whole = mmcv.imfrombytes(content)
        if whole is None:
            raise UserError(f"{path}: OpenCV cannot read this picture; replace the file")
        return self._size.picture(whole)


@TRANSFORMS.register_module()
@final
class LoadAnnotations(transforms.BaseTransform):
    """Read the mask of a sample, as class numbers of its label space.

    Stands for mmsegmentation's transform, so that its pipelines work unchanged. Its many-to-one
    gaps are filled: values of label files become class numbers by a checked table, and pseudo
    labels come from the store with their confidence threshold applied.

    Args:
        reduce_zero_label: accepted only as ``None`` or ``False``: the data set says how values are
            read.
        max_side: longest side in pixels, as the picture's; ``None`` for the original size.

    Raises:
        UserError: ``reduce_zero_label`` is set, or ``max_side`` is no positive integer.

    Adds ``gt_seg_map`` (H, W) uint8, for masks that say how sure they are ``gt_levels`` (H, W)
    uint8, and their entries in ``seg_fields``.
    """

    def __init__(
        self, *, reduce_zero_label: bool | None = None, max_side: int | None = None
    ) -> None:
        if reduce_zero_label:
            raise UserError(
                "LoadAnnotations.reduce_zero_label is set by the data set, not by the pipeline; "
                "leave it out"
            )
        self._size = WorkingSize(max_side)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the mask; see the class."""
        results["gt_seg_map"] = self._size.labels(results["read_label"]())
        results["seg_fields"].append("gt_seg_map")
        if "read_levels" in results:
            results["gt_levels"] = self._size.labels(results["read_levels"]())
            results["seg_fields"].append("gt_levels")
        return results
