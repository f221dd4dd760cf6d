"""UA-MT: a mean teacher that is only followed where its noisy passes agree."""

from __future__ import annotations

from math import log
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from ssl_seg.config.check_values import count
from ssl_seg.core.stage import Augmentation, SourceKind
from ssl_seg.methods.arguments import check_share, check_weight
from ssl_seg.methods.average import follow
from ssl_seg.methods.method import FOLLOWER, Companion
from ssl_seg.methods.noise import noisy
from ssl_seg.methods.ramp import sigmoid_ramp
from ssl_seg.methods.step import STUDENT, Step
from ssl_seg.methods.target import valid_pixels
from ssl_seg.models.dense import DensePass, ignored_by, probabilities_of, require_dense
from ssl_seg.registry import METHODS


@METHODS.register_module()
@final
class UAMT:
    """Yu et al., "Uncertainty-Aware Self-ensembling Model" for 3D left atria (MICCAI 2019).

    An averaged teacher sees each unlabeled picture several times, under noise and with dropout. The
    entropy of its mean probabilities must be below (0.75 + 0.25 ramp) ln C, for C classes. On the
    pixels where it is, the student learns what the teacher says in a further noisy pass:

        L = L_sup + weight * ramp * mean (p_student - p_teacher)^2

    The mean is over classes and these pixels; the ramp is exp(-5 (1 - progress)^2). In a model
    without dropout, passes differ by the noise alone.

    Departures from the published code: ln C and C instead of the ln 2 and 2 of its two classes; the
    teacher is in eval mode with averaged statistics of batch normalisation, and only its dropout is
    on, in the passes that measure the entropy; the noise is in standard deviations of each
    picture's channels; padding does not count.

    Args:
        weight: of the unlabeled loss at the end of the training, at least 0.
        decay: of the teacher's average, in [0, 1).
        noise: standard deviation of the noise, in those of a picture's channel, at least 0.
        votes: how many passes the entropy is measured by, at least 1.
    """

    kinds: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "pseudo", "unlabeled"})
    needs: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "unlabeled"})
    copies: ClassVar[dict[SourceKind, tuple[Augmentation, ...]]] = {"pseudo": ("strong",)}
    companions: ClassVar[dict[str, Companion]] = {"teacher": FOLLOWER}
    published = STUDENT

    def __init__(
        self, *, weight: float = 0.1, decay: float = 0.99, noise: float = 0.1, votes: int = 8
    ) -> None:
        check_weight("weight", weight)
        check_share("decay", decay, one=False)
        check_weight("noise", noise)
        count(votes, "votes")
        self._weight = weight
        self._decay = decay
        self._noise = noise
        self._votes = votes
        self.passes = votes + 2

    def check(self, student: nn.Module) -> None:
        """Refuse models without features and logits by pixel."""
        require_dense(student, "UAMT")

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return the model's losses on masks, and the loss on unlabeled pictures."""
        student, masked, weak = step.student, step.masked, step.group("unlabeled")
        teacher, ramp = step.networks["teacher"], sigmoid_ramp(step.progress)
        taught = probabilities_of(teacher, noisy(weak.pictures, self._noise))
        certain = self._entropy(teacher, weak.pictures) < (0.75 + 0.25 * ramp) * log(
            taught.shape[1]
        )
        seen = DensePass.of(student, torch.cat([masked.pictures, weak.pictures]))
        said = seen.logits(weak.pictures.shape[-2:], len(masked)).float().softmax(dim=1)
        squares = (said - taught).square().mean(dim=1)
        kept = certain & valid_pixels(weak.masks, ignored_by(student))
        distance = (squares * kept).sum() / kept.sum().clamp(min=1)
        losses = seen.losses(masked.samples)
        losses["loss_unlabeled"] = self._weight * ramp * distance
        return losses

    def _entropy(self, teacher: nn.Module, pictures: Tensor) -> Tensor:
        """Return the entropy (N, H, W) of the mean of stochastic passes, in nats."""
        votes = (
            probabilities_of(teacher, noisy(pictures, self._noise), dropout=True)
            for _ in range(self._votes)
        )
        # Not all at once, which would take the memory of so many passes.
        mean = sum(votes, torch.zeros((), device=pictures.device)) / self._votes
        return -(mean * (mean + 1e-6).log()).sum(dim=1)

    def after_step(self, step: Step) -> None:
        """Let the teacher follow the student."""
        follow(step.networks["teacher"], step.student, self._decay, step.iteration)
