"""Learning from labels in coarser label spaces than a model's own.

A coarse class is a group of the model's classes, and its probability is the sum of theirs. The
logits of the groups are therefore the logsumexp of their classes' logits, and on these each head
computes the very loss that it computes in its own space. A batch may mix spaces: its loss is the
mean of the losses by space, weighted by their numbers of samples.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import final

import torch
from mmengine.structures import PixelData
from torch import Tensor, nn

from ssl_seg.compat import import_mmseg
from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.errors import UserError
from ssl_seg.models.heads import heads_of, replaced

import_mmseg()  # mmsegmentation's modules cannot be imported before

from mmseg.models.decode_heads.cascade_decode_head import BaseCascadeDecodeHead  # noqa: E402
from mmseg.models.decode_heads.decode_head import BaseDecodeHead  # noqa: E402
from mmseg.models.segmentors import CascadeEncoderDecoder, EncoderDecoder  # noqa: E402
from mmseg.models.utils import resize  # noqa: E402
from mmseg.structures import SegDataSample  # noqa: E402

_COMMON_SEGMENTORS = (EncoderDecoder, CascadeEncoderDecoder)
_SEGMENTOR_LOSS = ("loss", "_decode_head_forward_train", "_auxiliary_head_forward_train")
_COMMON_HEADS = (BaseDecodeHead, BaseCascadeDecodeHead)
_HEAD_LOSS = ("loss", "loss_by_feat", "_stack_batch_gt")


def supervise_in(model: nn.Module, reductions: Mapping[str, ClassMapping]) -> None:
    """Let the heads of a segmentor, auxiliary ones too, learn from samples in coarser spaces.

    The model's modules, weights and predictions stay as they are, and so does the loss of a batch
    that is in the model's own space throughout.

    Args:
        model: a segmentor as built, changed in place. Copies of it learn in the same spaces.
        reductions: for each coarser space, by the name that a sample's metainfo holds as
            ``space``, the map from the model's space to it. Samples in any other space, or without
            this entry, are taken to be in the model's own.

    Raises:
        UserError: a head cannot learn this way (see `check_heads`), or a map does not fit it: it
            starts at another number of classes, has a class without any of the model's, or the
            spaces' ignore values are not the head's ``ignore_index``.
    """
    check_heads(model)
    heads = list(heads_of(model))
    for reduction in reductions.values():
        _channels(reduction)
        for place, head in heads:
            _require_fit(place, head, reduction)
    for _, head in heads:
        # An attribute of the instance, as a module around the head would rename its weights.
        head.loss_by_feat = _MixedSpaceLoss(head, dict(reductions))


def reduce_logits(logits: Tensor, reduction: ClassMapping) -> Tensor:
    """Turn logits of a space's classes into logits of groups of them.

    The softmax of the result is the summed softmax of each group, in at least single precision.

    Args:
        logits: (N, C, H, W), of the C classes of the map's source; any floating type.
        reduction: the map to the K groups.

    Returns:
        (N, K, H, W) float32, or float64 where the logits are. Where the map leaves classes
        without a place, these make one group more, the last of (N, K + 1, H, W): their
        probability is no other group's.

    Raises:
        ValueError: the number of channels is not the map's, or a group is empty.
    """
    if logits.shape[1] != len(reduction.source):
        raise ValueError(
            f"class mapping {reduction.name!r}: expected logits of the "
            f"{len(reduction.source)} classes of {reduction.source.name!r}, got shape "
            f"{tuple(logits.shape)}"
        )
    # Gradients of stacked planes are planes again; those of indexed channels are scattered one by
    # one, which takes 8 times as long for 66 classes.
    planes = _in_single_precision(logits).unbind(dim=1)
    groups = [torch.stack([planes[at] for at in group]) for group in _channels(reduction)]
    return torch.stack([group.logsumexp(dim=0) for group in groups], dim=1)


def reductions_of(model: nn.Module) -> Mapping[str, ClassMapping]:
    """Return the coarser spaces that a model learns in, as `supervise_in` was given them."""
    replaced = (vars(head).get("loss_by_feat") for _, head in heads_of(model))
    return next((loss.reductions for loss in replaced if isinstance(loss, _MixedSpaceLoss)), {})


def in_spaces(
    logits: Tensor, samples: Sequence[SegDataSample], reductions: Mapping[str, ClassMapping]
) -> Iterator[tuple[list[int], Tensor]]:
    """Yield the logits of samples in the label spaces of their masks, space by space.

    Args:
        logits: (N, C, H, W), of the model's own classes, in the size of the masks.
        samples: N, each labeled in the space that its metainfo names.
        reductions: as of `supervise_in`.

    Yields:
        The places of n samples in the batch, and their logits (n, K, H, W) of the K classes of
        their space, see `reduce_logits`.
    """
    for space, places in _places_by_space(samples, reductions).items():
        own = logits[places]
        yield places, own if space is None else reduce_logits(own, reductions[space])


def check_heads(model: nn.Module) -> None:
    """Check that all heads of a model can learn from labels in coarser spaces.

    A head can if mmsegmentation's common code computes its loss from one logit per pixel and
    class, and if this loss depends on the softmax probabilities alone and treats all classes
    alike. The latter two are tried out on made-up logits, so that they hold for any loss.

    Raises:
        UserError: names the model or the place and class of the first head that cannot, and why.
    """
    if replaced(_SEGMENTOR_LOSS, model, _COMMON_SEGMENTORS):
        raise UserError(
            f"model ({type(model).__name__}): cannot learn from labels in coarser spaces: it does "
            "not leave the loss to its heads as EncoderDecoder does; choose one that does"
        )
    for place, head in heads_of(model):
        if reason := _obstacle(head):
            raise UserError(
                f"{place} ({type(head).__name__}): cannot learn from labels in coarser spaces: "
                f"{reason}"
            )


@final
@dataclass(frozen=True, eq=False)
class _MixedSpaceLoss:
    """Stands for a head's ``loss_by_feat``.

    An object with the head, rather than a function around it: a deep copy of the head then has a
    copy of this that computes the losses of the copied head.
    """

    head: BaseDecodeHead
    reductions: Mapping[str, ClassMapping]

    def __call__(
        self, seg_logits: Tensor, batch_data_samples: Sequence[SegDataSample]
    ) -> dict[str, Tensor]:
        """Return the head's losses by name, over all spaces of the batch.

        Args:
            seg_logits: (N, C, h, w), of the model's own classes.
            batch_data_samples: N samples, each labeled in the space that its metainfo names.
        """
        members = _places_by_space(batch_data_samples, self.reductions)
        if len(members) == 1:
            return self._in_space(next(iter(members)), seg_logits, batch_data_samples)
        losses: dict[str, Tensor] = {}
        for space, numbers in members.items():
            samples = [batch_data_samples[number] for number in numbers]
            share = len(numbers) / len(batch_data_samples)
            for name, value in self._in_space(space, seg_logits[numbers], samples).items():
                part = share * _mean(value)
                losses[name] = losses[name] + part if name in losses else part
        return losses

    def _in_space(
        self, space: str | None, logits: Tensor, samples: Sequence[SegDataSample]
    ) -> dict[str, Tensor]:
        if space is not None:
            # Resized as in the head's own space, which resizes the classes and not the groups.
            resized = resize(
                _in_single_precision(logits),
                size=samples[0].gt_sem_seg.data.shape[-2:],
                mode="bilinear",
                align_corners=self.head.align_corners,
            )
            logits = reduce_logits(resized, self.reductions[space])
        losses: dict[str, Tensor] = BaseDecodeHead.loss_by_feat(self.head, logits, samples)
        return losses


def _places_by_space(
    samples: Sequence[SegDataSample], reductions: Mapping[str, ClassMapping]
) -> dict[str | None, list[int]]:
    """Return where samples lie in a batch by their coarser space; ``None``: the model's own."""
    places: dict[str | None, list[int]] = defaultdict(list)
    for number, sample in enumerate(samples):
        space = sample.metainfo.get("space")
        places[space if space in reductions else None].append(number)
    return places


def _mean(loss: Tensor) -> Tensor:
    """Return what the optimiser takes of a loss; nothing where no pixel has a label."""
    return loss.mean() if loss.numel() else loss.sum()


def _in_single_precision(logits: Tensor) -> Tensor:
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _channels(reduction: ClassMapping) -> list[list[int]]:
    """Return the classes that each channel of the reduced logits sums up."""
    target = reduction.target
    groups = reduction.groups
    if empty := [target.classes[number] for number, group in enumerate(groups) if not group]:
        raise UserError(
            f"class mapping {reduction.name!r}: no class of {reduction.source.name!r} becomes "
            f"{', '.join(map(repr, empty))} of {target.name!r}, so a model of the former cannot "
            "learn from labels in the latter; leave these classes out of the space"
        )
    rest = [number for number, place in enumerate(reduction.table) if place == target.ignore]
    return [list(group) for group in (*groups, rest) if group]


def _require_fit(place: str, head: BaseDecodeHead, reduction: ClassMapping) -> None:
    source, target = reduction.source, reduction.target
    if head.num_classes != len(source):
        raise UserError(
            f"{place}.num_classes: class mapping {reduction.name!r} starts at the {len(source)} "
            f"classes of {source.name!r}, but the head has {head.num_classes}; give all heads the "
            "classes of the model's own space"
        )
    for space in (source, target):
        if space.ignore != head.ignore_index:
            raise UserError(
                f"{place}.ignore_index: the head ignores {head.ignore_index}, but label space "
                f"{space.name!r} marks ignored pixels by {space.ignore}; make them the same"
            )


def _obstacle(head: nn.Module) -> str | None:
    """Say why a head cannot learn from coarser labels; ``None`` where it can."""
    if not isinstance(head, BaseDecodeHead):
        return "it does not give one logit per pixel and class"
    if method := replaced(_HEAD_LOSS, head, _COMMON_HEADS):
        return (
            f"it has a {method} of its own, which may do anything with a label; choose a head that "
            "keeps BaseDecodeHead's"
        )
    if head.out_channels != head.num_classes:
        return (
            f"its out_channels are {head.out_channels} for {head.num_classes} classes, which is no "
            "softmax; set out_channels to num_classes"
        )
    if any(getattr(part, "class_weight", None) is not None for part in head.loss_decode.modules()):
        return "class_weight weighs the model's own classes; remove it from loss_decode"
    return _loss_obstacle(head)


def _loss_obstacle(head: BaseDecodeHead) -> str | None:
    """Say why a head's loss is none of softmax probabilities with all classes alike."""
    try:
        losses, shifted, renumbered = _trial_losses(head)
    except Exception as error:  # whatever a loss may raise
        return (
            f"its loss fails on a sample: {type(error).__name__}: {str(error) or 'without a word'}"
        )
    for name, value in losses.items():
        if not torch.allclose(value, shifted[name], rtol=1e-4):
            return (
                f"its {name} changes with a constant added to all logits of a pixel, so it is no "
                "loss of softmax probabilities; set use_sigmoid=False or choose another loss"
            )
        if not torch.allclose(value, renumbered[name], rtol=1e-4):
            return (
                f"its {name} changes with the numbering of the classes, which differs between "
                "spaces; remove options for single classes or choose another loss"
            )
    return None


def _trial_losses(head: BaseDecodeHead) -> list[dict[str, Tensor]]:
    """Return a head's losses of a made-up sample, and of what should make no difference to them.

    These are a constant added to all logits of a pixel, and a new numbering of the classes.
    """
    count, ignore = head.num_classes, head.ignore_index
    random = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(1, count, 4, count, generator=random)
    constants = torch.randn(1, 1, 4, count, generator=random)
    labels = torch.arange(count).repeat(1, 4, 1)
    labels[:, 0, ::2] = ignore
    renumbered = torch.where(labels == ignore, ignore, (labels + 1) % count)
    samples = [
        (logits, labels),
        (logits + constants, labels),
        (logits.roll(1, dims=1), renumbered),
    ]
    # A loss may keep a state or draw random numbers, neither of which training shall notice.
    trial = deepcopy(head).cpu()
    losses = []
    for made_up, truth in samples:
        sample = SegDataSample(gt_sem_seg=PixelData(data=truth))
        with torch.no_grad(), torch.random.fork_rng(devices=()):
            losses.append(BaseDecodeHead.loss_by_feat(trial, made_up, [sample]))
    return losses
