"""Transforms that load slices of volumes and their labels, and pack labels of several slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import PixelData
from numpy.typing import NDArray

from ssl_seg.compat import import_mmseg
from ssl_seg.core.errors import UserError
from ssl_seg.media.volumes.intensity import intensity_rule
from ssl_seg.registry import TRANSFORMS

import_mmseg()  # mmsegmentation's modules cannot be imported before

from mmseg.datasets import transforms as mmseg_transforms  # noqa: E402


@TRANSFORMS.register_module()
@final
class LoadSlices(BaseTransform):
    """Read a slice of a volume with its neighbours as channels; exactly one intensity rule is set.

    Args:
        slices: how many, an odd number: the slice itself is in the middle. At both ends of the
            volume the last slice is repeated.
        window: values, in HU for CT, that become 0 and 1; what lies outside is clipped.
        percentiles: percentiles in [0, 100] of the whole volume that become 0 and 1; what lies
            outside is clipped.
        zscore: whether the whole volume's mean becomes 0 and its standard deviation 1.

    Attributes:
        rule: the intensity rule.

    Raises:
        UserError: not exactly one rule is set, a range is none, or ``slices`` is not odd.

    Takes ``volume`` (`ssl_seg.media.volumes.cache.CachedImage`), ``view`` and ``slice``. Adds
    ``img`` (H, W, slices) float32 and its size ``img_shape`` and ``ori_shape`` (H, W).
    """

    def __init__(
        self,
        slices: int = 3,
        window: Sequence[float] | None = None,
        percentiles: Sequence[float] | None = None,
        zscore: bool = False,
    ) -> None:
        _check_slices(slices)
        self._slices = slices
        self.rule = intensity_rule(window, percentiles, zscore)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the slices; see the class."""
        volume = results["volume"]
        values = _neighbours(volume.slices(results["view"]), results["slice"], self._slices)
        try:
            inputs = self.rule(values, volume.statistics)
        except UserError as error:
            raise UserError(f"{volume.path}: {error}") from error
        results["img"] = inputs.transpose(1, 2, 0)
        results["img_shape"] = results["ori_shape"] = results["img"].shape[:2]
        return results


@TRANSFORMS.register_module()
@final
class LoadSliceLabels(BaseTransform):
    """Read the labels of a slice, or of its neighbours too.

    Args:
        slices: how many, an odd number; more than one for networks that predict all slices they
            see, such as RSTN.

    Raises:
        UserError: ``slices`` is not odd.

    Takes ``volume_labels`` (`ssl_seg.media.volumes.cache.CachedLabels`), ``view``, ``slice`` and,
    for labels that say how sure they are, ``volume_levels``. Adds ``gt_seg_map`` and ``gt_levels``,
    uint8, (H, W) or (H, W, slices), and their entries in ``seg_fields``.
    """

    def __init__(self, slices: int = 1) -> None:
        _check_slices(slices)
        self._slices = slices

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the labels; see the class."""
        for volume, key in (("volume_labels", "gt_seg_map"), ("volume_levels", "gt_levels")):
            if volume in results:
                slices = results[volume].slices(results["view"])
                planes = _neighbours(slices, results["slice"], self._slices)
                results[key] = planes[0] if self._slices == 1 else planes.transpose(1, 2, 0)
                results["seg_fields"].append(key)
        return results


@TRANSFORMS.register_module()
@final
class PackSegInputs(mmseg_transforms.PackSegInputs):
    """Pack as mmsegmentation does; labels (H, W, slices) become (slices, H, W) like the image."""

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack one sample; see mmsegmentation's class."""
        labels = results.get("gt_seg_map")
        if labels is None or labels.ndim != 3:
            return super().transform(results)
        others = {key: value for key, value in results.items() if key != "gt_seg_map"}
        packed: dict[str, Any] = super().transform(others)
        data = torch.from_numpy(labels.transpose(2, 0, 1).astype(np.int64, order="C"))
        packed["data_samples"].gt_sem_seg = PixelData(data=data)
        return packed


def _check_slices(slices: Any) -> None:
    if isinstance(slices, bool) or not isinstance(slices, int) or slices < 1 or slices % 2 == 0:
        raise UserError(f"slices: expected an odd number of slices, at least 1, got {slices!r}")


def _neighbours(slices: NDArray[Any], centre: int, number: int) -> NDArray[Any]:
    """Copy slices around one of them, (number, H, W); at the ends the last one is repeated."""
    if not 0 <= centre < len(slices):
        raise ValueError(f"slice: expected an index in [0, {len(slices)}), got {centre}")
    wanted = np.arange(number) - number // 2 + centre
    # A plain array: a memory map's slices would stay one, and be slow.
    return np.asarray(slices)[np.clip(wanted, 0, len(slices) - 1)]
