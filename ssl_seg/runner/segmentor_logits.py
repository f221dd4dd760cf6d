"""Logits of any per-pixel segmentor of mmsegmentation, without its preprocessor's padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, final

import torch
from mmengine.dataset import pseudo_collate
from torch import Tensor
from torch.nn import functional

from ssl_seg.core.errors import UserError
from ssl_seg.models.one_channel import as_two_classes
from ssl_seg.runner.finite import require_finite_maps


class Logits(NamedTuple):
    """What a segmentor says of one picture or slice.

    Attributes:
        planes: (1, C, h, w) float32, at the size of its input.
        size: height and width at which labels are wanted.
    """

    planes: Tensor
    size: tuple[int, int]


@final
class SegmentorLogits:
    """Asks a segmentor, whole image or sliding window, as ``model.test_cfg`` says.

    Args:
        model: an mmsegmentation segmentor (``EncoderDecoder``) in eval mode. An output of one
            channel, a sigmoid with a threshold, becomes logits of background and foreground.
        flip: also ask of the mirrored input.
        scales: factors of the input size to ask at. Where the input is seen more than once, the
            logits are those of the mean probabilities.

    Raises:
        UserError: scales are no list, or one of them is no positive number.
    """

    def __init__(self, model: Any, *, flip: bool = False, scales: Sequence[float] = (1.0,)) -> None:
        listed = isinstance(scales, (list, tuple)) and len(scales) > 0
        if not listed or not all(isinstance(s, (int, float)) and s > 0 for s in scales):
            raise UserError(f"scales must be a list of positive factors, got {scales!r}")
        self._model = model
        mirrored = (False, True) if flip else (False,)
        self._looks = [(scale, mirror) for scale in scales for mirror in mirrored]

    @property
    def align_corners(self) -> bool:
        """How the model's head interpolates."""
        return bool(self._model.align_corners)

    def of(self, samples: Sequence[Any]) -> list[Logits]:
        """Return the logits of packed samples of equal input size."""
        batch = self._model.data_preprocessor(pseudo_collate(samples), False)
        metas = [sample.metainfo for sample in batch["data_samples"]]
        require_original_size(metas)
        logits = self._mean(batch["inputs"], metas)
        require_finite_maps(logits, metas)
        return [
            Logits(without_padding(logits[i : i + 1], meta), tuple(meta["ori_shape"][:2]))
            for i, meta in enumerate(metas)
        ]

    def _mean(self, inputs: Tensor, metas: list[dict[str, Any]]) -> Tensor:
        """Return logits (N, C, H, W) at the size of the inputs."""
        if self._looks == [(1.0, False)]:
            return self._look(inputs, metas, 1.0, mirror=False)
        total = torch.stack(
            [
                self._look(inputs, metas, scale, mirror=mirror).softmax(dim=1)
                for scale, mirror in self._looks
            ]
        ).mean(dim=0)
        # The logarithm of probabilities is a logit again, so one path leads to the mask.
        return total.clamp_min(torch.finfo(total.dtype).tiny).log()

    def _look(
        self, inputs: Tensor, metas: list[dict[str, Any]], scale: float, *, mirror: bool
    ) -> Tensor:
        size = inputs.shape[-2:]
        if scale != 1:
            inputs = functional.interpolate(inputs, scale_factor=scale, mode="bilinear")
        if mirror:
            inputs = inputs.flip(-1)
        shape = tuple(inputs.shape[-2:])
        metas = [{**meta, "img_shape": shape, "pad_shape": shape} for meta in metas]
        logits: Tensor = self._model.inference(inputs, metas)
        if logits.shape[1] == 1:
            logits = as_two_classes(logits, self._model.decode_head.threshold)
        if mirror:
            logits = logits.flip(-1)
        return resized(logits, size, self.align_corners).float()


def require_original_size(metas: Sequence[Mapping[str, Any]]) -> None:
    """Check that samples know the size at which they are to be labeled.

    Raises:
        UserError: the pipeline has dropped it.
    """
    if any("ori_shape" not in meta for meta in metas):
        raise UserError(
            "the test pipeline drops the size of images: PackSegInputs.meta_keys has no "
            "'ori_shape'; add it, or leave meta_keys out"
        )


def resized(planes: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    """Interpolate planes (N, C, h, w) to a height and width; as they are if they have it."""
    if tuple(planes.shape[-2:]) == tuple(size):
        return planes
    return functional.interpolate(
        planes, size=tuple(size), mode="bilinear", align_corners=align_corners
    )


def without_padding(planes: Tensor, meta: Mapping[str, Any]) -> Tensor:
    """Cut planes (..., H, W) to what was there before the preprocessor padded the input."""
    left, right, top, bottom = meta.get("img_padding_size", (0, 0, 0, 0))
    height, width = planes.shape[-2:]
    return planes[..., top : height - bottom, left : width - right]
