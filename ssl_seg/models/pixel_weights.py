"""Weights of single pixels in the losses of heads: samples may say how much each pixel counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, final

import torch
from torch import Tensor, nn

from ssl_seg.compat import import_mmseg
from ssl_seg.core.errors import UserError
from ssl_seg.models.heads import heads_of, replaced

import_mmseg()  # mmsegmentation's modules cannot be imported before

from mmseg.models.decode_heads.cascade_decode_head import BaseCascadeDecodeHead  # noqa: E402
from mmseg.models.decode_heads.decode_head import BaseDecodeHead  # noqa: E402
from mmseg.structures import SegDataSample  # noqa: E402

_LOSS = ("loss", "loss_by_feat", "_stack_batch_gt")
_COMMON_HEADS = (BaseDecodeHead, BaseCascadeDecodeHead)


def weigh_pixels(model: nn.Module) -> None:
    """Let the heads of a segmentor, auxiliary ones too, weigh pixels as their samples say.

    Samples may hold ``gt_weight`` (1, h, w), the weight of each pixel of their mask; pixels of
    others, and those that a preprocessor adds, weigh 1. The model's modules, weights and
    predictions stay as they are, and so does the loss of a batch without weights.

    Args:
        model: a segmentor as built, changed in place. Copies of it weigh in the same way.

    Raises:
        UserError: a head or one of its losses cannot do that; names it.
    """
    heads = list(heads_of(model))
    if not heads:
        raise _refusal("model", model, "it has no heads of mmsegmentation's kind")
    for place, head in heads:
        _check(place, head)
    for _, head in heads:
        weights = _PixelWeights(head)
        # Attributes of the instance, as a module around the head would rename its weights.
        head._stack_batch_gt = weights
        head.sampler = weights


@final
class _PixelWeights:
    """Stands for a head's ``_stack_batch_gt``, and for the sampler that weighs what it stacked.

    A head's common loss calls both, in this order, and hands the weights to each of its losses.

    Args:
        head: as built.
    """

    def __init__(self, head: Any) -> None:
        self._head = head
        self._sampler = head.sampler
        self._weights: Tensor | None = None

    def __call__(self, samples: Sequence[SegDataSample]) -> Tensor:
        """Return the masks of samples, (N, 1, H, W)."""
        masks: Tensor = type(self._head)._stack_batch_gt(self._head, samples)
        self._weights = _stacked(samples, masks)
        return masks

    def sample(self, logits: Tensor, masks: Tensor) -> Tensor | None:
        """Return the weights of the samples' pixels, (N, H, W), times those of the own sampler."""
        chosen: Tensor | None = None
        if self._sampler is not None:
            chosen = self._sampler.sample(logits, masks)
        if self._weights is None or chosen is None:
            return chosen if self._weights is None else self._weights
        return chosen * self._weights


def _stacked(samples: Sequence[SegDataSample], masks: Tensor) -> Tensor | None:
    """Return weights (N, H, W) of masks (N, 1, H, W); ``None`` where no sample has any."""
    if not any("gt_weight" in sample for sample in samples):
        return None
    weights = torch.ones(masks.shape, device=masks.device)[:, 0]
    for row, sample in zip(weights, samples, strict=True):
        if "gt_weight" in sample:
            given = sample.gt_weight.data[0]
            # Preprocessors pad pictures and masks to the right and at the bottom.
            row[: given.shape[0], : given.shape[1]] = given
    return weights


def _check(place: str, head: nn.Module) -> None:
    if not isinstance(head, BaseDecodeHead):
        raise _refusal(place, head, "it does not give one logit per pixel and class")
    if method := replaced(_LOSS, head, _COMMON_HEADS):
        raise _refusal(place, head, f"it has a {method} of its own")
    for position, loss in enumerate(_losses(head)):
        if reason := _obstacle(loss, head):
            raise _refusal(f"{place}.loss_decode[{position}]", loss, reason)


def _refusal(place: str, part: nn.Module, reason: str) -> UserError:
    return UserError(
        f"{place} ({type(part).__name__}): pseudo_labels.weight: cannot weigh single pixels: "
        f"{reason}; leave weight out, or choose one that can, such as CrossEntropyLoss"
    )


def _losses(head: BaseDecodeHead) -> Iterator[nn.Module]:
    found = head.loss_decode
    yield from found if isinstance(found, nn.ModuleList) else (found,)


def _obstacle(loss: nn.Module, head: BaseDecodeHead) -> str | None:
    """Say why a loss is none of weighted pixels, by trying it out; ``None`` where it is."""
    random = torch.Generator().manual_seed(0)
    shape = (2, head.out_channels, 4, 6)
    logits = torch.randn(shape, generator=random).requires_grad_()
    labels = torch.randint(head.num_classes, (2, 4, 6), generator=random)
    half = torch.ones(2, 4, 6)
    half[..., 3:] = 0
    # A loss may keep a state or draw random numbers, neither of which training shall notice.
    trial = deepcopy(loss).cpu()
    try:
        with torch.random.fork_rng(devices=()):
            plain, ones, halved = (
                trial(logits, labels, weight=weight, ignore_index=head.ignore_index).mean()
                for weight in (None, torch.ones_like(half), half)
            )
        (gradient,) = torch.autograd.grad(halved, logits)
    except Exception as error:  # whatever a loss may raise
        return f"it fails on weights of pixels: {type(error).__name__}: {error}"
    if not torch.allclose(ones, plain, rtol=1e-4):
        return "it changes with weights of 1"
    if gradient[..., 3:].any() or not gradient[..., :3].any():
        return "pixels of weight 0 count in it"
    return None
