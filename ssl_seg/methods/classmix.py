"""ClassMix: what a teacher takes for some of the classes is pasted from picture to picture."""

from __future__ import annotations

from typing import ClassVar, final

import torch
from torch import Tensor, nn

from ssl_seg.core.stage import Augmentation, SourceKind
from ssl_seg.methods.arguments import check_share, check_weight
from ssl_seg.methods.average import follow
from ssl_seg.methods.boxes import pasted
from ssl_seg.methods.method import FOLLOWER, Companion
from ssl_seg.methods.step import STUDENT, Step
from ssl_seg.methods.target import Target, valid_pixels
from ssl_seg.models.dense import DensePass, ignored_by, probabilities_of, require_dense
from ssl_seg.registry import METHODS


@METHODS.register_module()
@final
class ClassMix:
    """Olsson et al., "ClassMix: Segmentation-Based Data Augmentation" (WACV 2021).

    An averaged teacher labels the weak copy of each unlabeled picture. In a random half of the
    classes that it finds there, rounded down, the picture is seen; elsewhere the next one of the
    batch is. The student learns all labels of what comes of it:

        L = L_sup + weight * s * CE

    CE is the mean over all valid pixels, and s is the share of those whose label has at least the
    confidence ``threshold``.

    Departures from the published code: strong copies, which see the config's ``strong`` transforms
    before they are mixed, stand in for its jitter and blur of mixed pictures; the teacher labels in
    eval mode, with averaged statistics of batch normalisation; labeled and mixed pictures go
    through the network together; padding is neither pasted nor learned.

    Args:
        threshold: least confidence of a label that counts as sure, in [0, 1).
        weight: of the unlabeled loss, at least 0.
        decay: of the teacher's average, in [0, 1).
    """

    kinds: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "pseudo", "unlabeled"})
    needs: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "unlabeled"})
    copies: ClassVar[dict[SourceKind, tuple[Augmentation, ...]]] = {
        "pseudo": ("strong",),
        "unlabeled": ("weak", "strong"),
    }
    companions: ClassVar[dict[str, Companion]] = {"teacher": FOLLOWER}
    published = STUDENT
    passes = 2

    def __init__(
        self, *, threshold: float = 0.968, weight: float = 1.0, decay: float = 0.99
    ) -> None:
        check_share("threshold", threshold, one=False)
        check_weight("weight", weight)
        check_share("decay", decay, one=False)
        self._threshold = threshold
        self._weight = weight
        self._decay = decay

    def check(self, student: nn.Module) -> None:
        """Refuse models without features and logits by pixel."""
        require_dense(student, "ClassMix")

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return the model's losses on masks, and the loss on mixed pictures."""
        student, masked = step.student, step.masked
        weak, strong = step.group("unlabeled"), step.group("unlabeled", 1)
        valid = valid_pixels(strong.masks, ignored_by(student))
        target = Target.of(probabilities_of(step.networks["teacher"], weak.pictures), valid)
        elsewhere = ~torch.stack(
            [_half_of_classes(*one) for one in zip(target.labels, valid, strict=True)]
        )
        following = [*range(1, len(weak)), 0]
        target = target.pasted(elsewhere, following)
        mixed = pasted(strong.pictures, strong.pictures[following], elsewhere)
        seen = DensePass.of(student, torch.cat([masked.pictures, mixed]))
        losses = seen.losses(masked.samples)
        entropy = target.cross_entropy(seen.logits(mixed.shape[-2:], len(masked)), threshold=0)
        losses["loss_unlabeled"] = self._weight * target.sureness(self._threshold) * entropy
        return losses

    def after_step(self, step: Step) -> None:
        """Let the teacher follow the student."""
        follow(step.networks["teacher"], step.student, self._decay, step.iteration)


def _half_of_classes(labels: Tensor, valid: Tensor) -> Tensor:
    """Return where labels (H, W) are of a random half of the classes among the valid ones."""
    classes = labels[valid].bincount().nonzero()[:, 0]
    drawn = torch.randperm(len(classes))[: len(classes) // 2]
    return valid & torch.isin(labels, classes[drawn.to(classes.device)])
