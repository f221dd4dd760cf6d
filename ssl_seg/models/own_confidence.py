"""Losses of heads in which pseudo-labeled pixels weigh by what the network itself says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssl_seg.compat import import_mmseg
from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.errors import UserError
from ssl_seg.models.heads import heads_of
from ssl_seg.models.mixed_space import in_spaces, reductions_of

import_mmseg()  # mmsegmentation's modules cannot be imported before

from mmseg.models.decode_heads.decode_head import BaseDecodeHead  # noqa: E402
from mmseg.models.utils import resize  # noqa: E402
from mmseg.structures import SegDataSample  # noqa: E402


@contextmanager
def weighing_pseudo_labels(model: nn.Module, exponent: float) -> Iterator[None]:
    """Let the heads of a segmentor, auxiliary ones too, weigh pseudo labels within a context.

    On samples whose metainfo names the source ``pseudo`` each head learns by the cross entropy

        sum(p^exponent * -log p) / number of pixels with a label

    in the samples' label spaces, where p is its own probability of a pixel's label and the power
    carries no gradient. It stands in for all losses of the head, and is multiplied by the sum of
    their ``loss_weight``. On other samples the head's losses stay as they are; both count by their
    numbers of samples.

    Args:
        model: with heads that `check_weighing` accepts.
        exponent: at least 0; 0 is plain cross entropy.
    """
    heads = [head for _, head in heads_of(model)]
    own = [vars(head).get("loss_by_feat") for head in heads]
    reductions = reductions_of(model)
    try:
        for head in heads:
            head.loss_by_feat = _WeighingLoss(head, head.loss_by_feat, reductions, exponent)
        yield
    finally:
        for head, before in zip(heads, own, strict=True):
            if before is None:
                del head.loss_by_feat
            else:
                head.loss_by_feat = before


def check_weighing(model: nn.Module) -> None:
    """Check that the heads of a model can weigh pseudo labels.

    Raises:
        UserError: names the place and class of the first head that cannot.
    """
    for place, head in heads_of(model):
        if getattr(type(head), "loss_by_feat", None) is not BaseDecodeHead.loss_by_feat:
            raise UserError(
                f"{place} ({type(head).__name__}): pseudo_labels.join='weigh' replaces the loss on "
                "pseudo-labeled samples, but this head has a loss_by_feat of its own; choose a "
                "head that keeps BaseDecodeHead's, or join='agree'"
            )


@final
@dataclass(frozen=True, eq=False)
class _WeighingLoss:
    """Stands for a head's ``loss_by_feat``.

    Attributes:
        head: whose loss it is.
        plain: the head's loss on other samples.
        reductions: to the label spaces of samples.
        exponent: of probabilities.
    """

    head: Any
    plain: Any
    reductions: Mapping[str, ClassMapping]
    exponent: float

    def __call__(
        self, seg_logits: Tensor, batch_data_samples: Sequence[SegDataSample]
    ) -> dict[str, Tensor]:
        """Return losses by name, ``loss_pseudo`` among them where there are such samples.

        Args:
            seg_logits: (N, C, h, w), of the model's own classes.
            batch_data_samples: N samples.
        """
        sources = [sample.metainfo["source"] for sample in batch_data_samples]
        pseudo = [place for place, source in enumerate(sources) if source == "pseudo"]
        others = [place for place, source in enumerate(sources) if source != "pseudo"]
        if not pseudo:
            return dict(self.plain(seg_logits, batch_data_samples))
        share = len(pseudo) / len(sources)
        losses: dict[str, Tensor] = {}
        if others:
            found = self.plain(seg_logits[others], [batch_data_samples[at] for at in others])
            losses = {
                name: (1 - share) * value if "loss" in name else value
                for name, value in found.items()
            }
        weighed = self._weighed(seg_logits[pseudo], [batch_data_samples[at] for at in pseudo])
        return losses | {"loss_pseudo": share * weighed}

    def _weighed(self, logits: Tensor, samples: Sequence[SegDataSample]) -> Tensor:
        masks = torch.cat([sample.gt_sem_seg.data for sample in samples])
        resized = resize(
            logits.float(),
            size=masks.shape[-2:],
            mode="bilinear",
            align_corners=self.head.align_corners,
        )
        ignore = self.head.ignore_index
        total = resized.new_zeros(())
        for places, own in in_spaces(resized, samples, self.reductions):
            entropies = functional.cross_entropy(
                own, masks[places], ignore_index=ignore, reduction="none"
            )
            # exp(-entropy) is the probability of the label.
            weights = (-self.exponent * entropies.detach()).exp()
            total = total + (weights * entropies).sum()
        return self._scale() * total / masks.ne(ignore).sum().clamp(min=1)

    def _scale(self) -> float:
        losses = self.head.loss_decode
        several = losses if isinstance(losses, nn.ModuleList) else [losses]
        return sum(float(getattr(loss, "loss_weight", 1)) for loss in several)
