"""UniMatch: FixMatch with two strong copies, and with dropped channels of features."""

from __future__ import annotations

from typing import ClassVar, final

import torch
from torch import Tensor, nn

from ssl_seg.core.stage import Augmentation, SourceKind
from ssl_seg.methods.arguments import check_share, check_weight
from ssl_seg.methods.channel_dropout import random_channels, weighted
from ssl_seg.methods.method import Companion
from ssl_seg.methods.step import STUDENT, Step
from ssl_seg.methods.target import Target, cutmix, valid_pixels
from ssl_seg.models.dense import DensePass, ignored_by, probabilities_of, require_dense
from ssl_seg.registry import METHODS


@METHODS.register_module()
@final
class UniMatch:
    """Yang et al., "Revisiting Weak-to-Strong Consistency" (UniMatch, CVPR 2023).

    The student labels the weak copy of each unlabeled picture, as in FixMatch. It learns the labels
    that it was sure of three times: from two strong copies, each with boxes of CutMix of its own,
    and from the weak copy with half of the channels of its features dropped before the heads:

        L = L_sup + weight * (L_strong1 / 4 + L_strong2 / 4 + L_features / 2)

    Each is the cross entropy over the sure pixels, divided by the number of all valid ones.
    Features are what heads get from backbone and neck: several levels in many models, but of a
    U-Net, whose decoder mmsegmentation counts as backbone, a head sees the last level alone.

    Departures from the published code: those of `FixMatch`; and dropped features stand in for those
    of the weak copy in the one pass in train mode, instead of being decoded beside them. The code
    for medical pictures learns labels by Dice alone; here it is the cross entropy for all.

    Args:
        threshold: least confidence of a label, in [0, 1). Published are 0.95, and 0 for Cityscapes.
        weight: of the unlabeled losses, at least 0.
        cutmix: probability that a picture gets a box of another one, in [0, 1].
    """

    kinds: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "pseudo", "unlabeled"})
    needs: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "unlabeled"})
    copies: ClassVar[dict[SourceKind, tuple[Augmentation, ...]]] = {
        "pseudo": ("strong",),
        "unlabeled": ("weak", "strong", "strong"),
    }
    companions: ClassVar[dict[str, Companion]] = {}
    published = STUDENT
    passes = 4

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
        require_dense(student, "UniMatch")

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return the model's losses on masks, and those on strong copies and dropped features."""
        student, masked, weak = step.student, step.masked, step.group("unlabeled")
        probabilities, ignore = probabilities_of(student, weak.pictures), ignored_by(student)
        target = Target.of(probabilities, valid_pixels(weak.masks, ignore))
        (first, first_target), (second, second_target) = (
            cutmix(step.group("unlabeled", copy), probabilities, ignore, self._cutmix)
            for copy in (1, 2)
        )
        pictures = torch.cat([masked.pictures, first, second, weak.pictures])
        features = tuple(student.extract_feat(pictures))
        dropped = weighted(features, random_channels(len(weak), features))
        seen = DensePass.decoded(student, dropped)
        logits = seen.logits(pictures.shape[-2:], len(masked)).chunk(3)
        strong1, strong2, kept = (
            taught.cross_entropy(said, self._threshold)
            for taught, said in zip((first_target, second_target, target), logits, strict=True)
        )
        losses = seen.losses(masked.samples)
        losses["loss_strong"] = self._weight * (strong1 + strong2) / 4
        losses["loss_features"] = self._weight * kept / 2
        return losses

    def after_step(self, step: Step) -> None:
        """Do nothing: the student is its own teacher."""
