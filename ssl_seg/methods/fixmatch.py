"""FixMatch: confident labels of the weak copy are learned on the strong one."""

from __future__ import annotations

from typing import ClassVar, final

import torch
from torch import Tensor, nn

from ssl_seg.core.stage import Augmentation, SourceKind
from ssl_seg.methods.arguments import check_share, check_weight
from ssl_seg.methods.method import Companion
from ssl_seg.methods.step import STUDENT, Step
from ssl_seg.methods.target import cutmix
from ssl_seg.models.dense import DensePass, ignored_by, probabilities_of, require_dense
from ssl_seg.registry import METHODS


@METHODS.register_module()
@final
class FixMatch:
    """Sohn et al., "FixMatch" (NeurIPS 2020), for pixels as in Yang et al., "UniMatch" (CVPR 2023).

    The student labels the weak copy of each unlabeled picture. Another picture of the batch is
    pasted into the strong copies by CutMix; on what comes of it the student learns the labels that
    it was sure of. The loss is L = L_sup + weight * L_u, where L_u is the cross entropy over the
    sure pixels, divided by the number of all valid ones.

    Departures from the published code: the labels come from a pass in eval mode for own picture and
    pasted one alike, so that they do not depend on what else is in the batch; the pasted picture is
    the batch's in reverse order instead of that of a second loader, which the authors report to do
    as well; labeled and strong pictures go through the network together; the losses are added up
    instead of averaged.

    Args:
        threshold: least confidence of a label, in [0, 1).
        weight: of the unlabeled loss, at least 0.
        cutmix: probability that a picture gets a box of another one, in [0, 1].
    """

    kinds: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "pseudo", "unlabeled"})
    needs: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "unlabeled"})
    copies: ClassVar[dict[SourceKind, tuple[Augmentation, ...]]] = {
        "pseudo": ("strong",),
        "unlabeled": ("weak", "strong"),
    }
    companions: ClassVar[dict[str, Companion]] = {}
    published = STUDENT
    passes = 2

    def __init__(
        self, *, threshold: float = 0.95, weight: float = 1.0, cutmix: float = 0.5
    ) -> None:
        check_share("threshold", threshold, one=False)
        check_weight("weight", weight)
        check_share("cutmix", cutmix)
        self._threshold = threshold
        self._weight = weight
        self._cutmix = cutmix

    def check(self, student: nn.Module) -> None:
        """Refuse models without features and logits by pixel."""
        require_dense(student, "FixMatch")

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return the model's losses on masks, and the loss on unlabeled pictures."""
        student, masked = step.student, step.masked
        weak, strong = step.group("unlabeled"), step.group("unlabeled", 1)
        probabilities = probabilities_of(student, weak.pictures)
        mixed, target = cutmix(strong, probabilities, ignored_by(student), self._cutmix)
        seen = DensePass.of(student, torch.cat([masked.pictures, mixed]))
        losses = seen.losses(masked.samples)
        logits = seen.logits(mixed.shape[-2:], len(masked))
        losses["loss_unlabeled"] = self._weight * target.cross_entropy(logits, self._threshold)
        return losses

    def after_step(self, step: Step) -> None:
        """Do nothing: the student is its own teacher."""
