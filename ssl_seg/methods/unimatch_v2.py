"""UniMatch V2: an averaged teacher, and two strong copies with complementary channels."""

from __future__ import annotations

from typing import ClassVar, final

import torch
from torch import Tensor, nn

from ssl_seg.core.stage import Augmentation, SourceKind
from ssl_seg.methods.arguments import check_share, check_weight
from ssl_seg.methods.average import follow
from ssl_seg.methods.channel_dropout import complementary_channels, weighted
from ssl_seg.methods.method import FOLLOWER, Companion
from ssl_seg.methods.step import STUDENT, Step
from ssl_seg.methods.target import cutmix
from ssl_seg.models.dense import DensePass, ignored_by, probabilities_of, require_dense
from ssl_seg.registry import METHODS


@METHODS.register_module()
@final
class UniMatchV2:
    """Yang et al., "UniMatch V2: Pushing the Limit of Semi-Supervised Semantic Segmentation".

    An averaged teacher labels the weak copy of each unlabeled picture. The student learns the
    labels that the teacher was sure of from two strong copies, each with boxes of CutMix of its
    own. In a random half of the pictures, each channel of the features is dropped in one of the two
    copies, and counts twice in the other:

        L = L_sup + weight * (L_strong1 + L_strong2) / 2

    Each is the cross entropy over the sure pixels, divided by the number of all valid ones. What is
    a feature depends on the model as in `UniMatch`.

    Departures from the published code: labeled and strong pictures go through the network together,
    so that batch normalisation sees both; the losses are added up instead of averaged; where levels
    of features differ in width, narrower ones use the first channels of the mask; the student is
    published. With ``average`` in the config, its average is.

    Args:
        threshold: least confidence of a label, in [0, 1).
        weight: of the unlabeled loss, at least 0.
        cutmix: probability that a picture gets a box of another one, in [0, 1].
        decay: of the teacher's average, in [0, 1).
    """

    kinds: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "pseudo", "unlabeled"})
    needs: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "unlabeled"})
    copies: ClassVar[dict[SourceKind, tuple[Augmentation, ...]]] = {
        "pseudo": ("strong",),
        "unlabeled": ("weak", "strong", "strong"),
    }
    companions: ClassVar[dict[str, Companion]] = {"teacher": FOLLOWER}
    published = STUDENT
    passes = 3

    def __init__(
        self,
        *,
        threshold: float = 0.95,
        weight: float = 1.0,
        cutmix: float = 0.5,
        decay: float = 0.996,
    ) -> None:
        check_share("threshold", threshold, one=False)
        check_weight("weight", weight)
        check_share("cutmix", cutmix)
        check_share("decay", decay, one=False)
        self._threshold = threshold
        self._weight = weight
        self._cutmix = cutmix
        self._decay = decay

    def check(self, student: nn.Module) -> None:
        """Refuse models without features and logits by pixel."""
        require_dense(student, "UniMatchV2")

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return the model's losses on masks, and the loss on strong copies."""
        student, masked, weak = step.student, step.masked, step.group("unlabeled")
        probabilities = probabilities_of(step.networks["teacher"], weak.pictures)
        (first, first_target), (second, second_target) = (
            cutmix(step.group("unlabeled", copy), probabilities, ignored_by(student), self._cutmix)
            for copy in (1, 2)
        )
        pictures = torch.cat([masked.pictures, first, second])
        features = tuple(student.extract_feat(pictures))
        halved = weighted(features, complementary_channels(len(weak), features))
        seen = DensePass.decoded(student, halved)
        logits = seen.logits(pictures.shape[-2:], len(masked)).chunk(2)
        strong1, strong2 = (
            taught.cross_entropy(said, self._threshold)
            for taught, said in zip((first_target, second_target), logits, strict=True)
        )
        losses = seen.losses(masked.samples)
        losses["loss_unlabeled"] = self._weight * (strong1 + strong2) / 2
        return losses

    def after_step(self, step: Step) -> None:
        """Let the teacher follow the student."""
        follow(step.networks["teacher"], step.student, self._decay, step.iteration)
