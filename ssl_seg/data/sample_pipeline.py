"""A pipeline that makes weak and strong copies of a sample, all of the same crop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, final

import numpy as np
import torch
from mmengine.structures import PixelData
from numpy.typing import NDArray
from torch import Tensor

from ssl_seg.core.errors import UserError
from ssl_seg.core.stage import Augmentation
from ssl_seg.core.stage_config import ConfigPart
from ssl_seg.registry import TRANSFORMS

Results: TypeAlias = dict[str, Any]
"""What transforms of mmcv and mmsegmentation hand on to one another."""

_MASK = "gt_seg_map"
_LEVELS = "gt_levels"


@final
class SamplePipeline:
    """The user's transforms, with those that make a copy strong before the last one, which packs.

    What is random in the user's transforms, such as a crop or a flip, is drawn once for all copies
    of a sample; what is random in the strong ones is drawn for each copy, in order.

    Args:
        steps: the user's transforms; the last one packs.
        strong: those that a strong copy also goes through. They may change the picture, and turn
            pixels of the mask into ignored ones, as a cutout does; they may move nothing.
        unlabeled: whether samples have no mask. They get one of class 0, which the transforms cut,
            move and pad like any other: what is ignored in it lies outside the picture.
        ignore: marks such pixels.
        weight: exponent of the confidence by which pixels count, where a transform has read it.
    """

    def __init__(
        self,
        steps: Sequence[ConfigPart],
        strong: Sequence[ConfigPart],
        *,
        unlabeled: bool = False,
        ignore: int = 255,
        weight: float = 0,
    ) -> None:
        *shared, pack = [TRANSFORMS.build(dict(step)) for step in steps]
        self._shared = shared
        self._pack = pack
        self._strong = [TRANSFORMS.build(dict(step)) for step in strong]
        self._unlabeled = unlabeled
        self._ignore = ignore
        self._weight = weight

    def __call__(
        self, record: Results, copies: Sequence[Augmentation]
    ) -> list[Mapping[str, Any]] | None:
        """Return the packed copies of one sample, in order; ``None`` if a transform drops it.

        Raises:
            UserError: a strong transform moved something.
        """
        shared = self._share(record)
        if shared is None:
            return None
        packed = [self._packed(shared, copy, alone=len(copies) == 1) for copy in copies]
        return None if any(one is None for one in packed) else packed

    def _share(self, record: Results) -> Results | None:
        results: Results | None = self._marked(record)
        for transform in self._shared:
            results = transform(results)
            if results is None:
                return None
            results = self._marked(results)
        return results

    def _marked(self, results: Results) -> Results:
        """Add the mask of an unlabeled picture as soon as it is read."""
        if self._unlabeled and "img" in results and _MASK not in results:
            results[_MASK] = np.zeros(results["img"].shape[:2], np.uint8)
            results["seg_fields"].append(_MASK)
        return results

    def _packed(self, shared: Results, copy: Augmentation, *, alone: bool) -> Any:
        # Transforms may write into what they are given.
        results = shared if alone else _copied(shared)
        if copy == "strong" and self._strong:
            size, mask = results["img"].shape[:2], results.get(_MASK)
            mask = None if mask is None else mask.copy()
            for transform in self._strong:
                results = transform(results)
                if results is None:
                    return None
            self._require_unmoved(size, mask, results)
        packed = self._pack(results)
        if _LEVELS in results and packed is not None and "data_samples" in packed:
            packed["data_samples"].gt_weight = PixelData(data=self._weights(results))
        return packed

    def _weights(self, results: Results) -> Tensor:
        """Return by how much each pixel counts, (1, H, W) float32 in [0, 1]."""
        levels, mask = results[_LEVELS], results.get(_MASK)
        if mask is not None and levels.shape != mask.shape:
            raise UserError(
                f"{results.get('img_path')}: pseudo_labels.weight: the pipeline makes a mask of "
                f"shape {mask.shape} and leaves what says how sure it is at {levels.shape}; a "
                "transform must treat all of results['seg_fields'] alike. mmcv's Pad does not: let "
                "model.data_preprocessor pad"
            )
        certain = levels.astype(np.float32) / 255
        return torch.from_numpy(certain**self._weight)[None]

    def _require_unmoved(
        self, size: tuple[int, ...], mask: NDArray[Any] | None, after: Results
    ) -> None:
        moved = size != after["img"].shape[:2]
        if not moved and mask is not None:
            now = after[_MASK]
            moved = now.shape != mask.shape or bool(((now != mask) & (now != self._ignore)).any())
        if moved:
            names = ", ".join(type(transform).__name__ for transform in self._strong)
            raise UserError(
                f"strong ({names}): a strong copy must show the same crop as the weak one, but the "
                "mask or the size has changed; move what flips, scales, turns or crops to the "
                "pipeline of train_dataloader.dataset"
            )


def _copied(results: Results) -> Results:
    return {
        key: value.copy() if isinstance(value, (np.ndarray, list)) else value
        for key, value in results.items()
    }
