"""Mean Teacher: a student agrees with its average on unlabeled pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, final

import torch
from torch import Tensor, nn

from ssl_seg.core.errors import UserError
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
class MeanTeacher:
    """Tarvainen and Valpola, "Mean teachers are better role models" (NeurIPS 2017), as in SSL4MIS.

    An averaged teacher sees the weak copy of each unlabeled picture under noise. The student, which
    sees the strong copy, learns to say the same:

        L = L_sup + weight * ramp * mean (p_student - p_teacher)^2

    The mean is over classes and valid pixels; the ramp is exp(-5 (1 - progress)^2).

    The published weight makes a small loss, and the method gains little in published tables; the
    code of CPS has 100 for street scenes.

    Departures from the published code: the student sees strong copies, since weak ones leave little
    but its dropout to set the two apart, and many models have none; the teacher labels in eval
    mode, with averaged statistics of batch normalisation; the noise is in standard deviations of
    each picture's channels, which is that of the published code where pictures are standardised;
    the loss counts from the first iteration instead of the thousandth; padding does not count.

    Args:
        weight: of the unlabeled loss at the end of the training, at least 0.
        decay: of the teacher's average, in [0, 1).
        noise: standard deviation of the noise, in those of a picture's channel, at least 0.
        student_copy: which copy of an unlabeled picture the student sees: ``strong``, which has
            been through the config's ``strong`` transforms, or ``weak``, as published.
    """

    kinds: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "pseudo", "unlabeled"})
    needs: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "unlabeled"})
    companions: ClassVar[dict[str, Companion]] = {"teacher": FOLLOWER}
    published = STUDENT
    passes = 2

    def __init__(
        self,
        *,
        weight: float = 0.1,
        decay: float = 0.99,
        noise: float = 0.1,
        student_copy: Literal["weak", "strong"] = "strong",
    ) -> None:
        check_weight("weight", weight)
        check_share("decay", decay, one=False)
        check_weight("noise", noise)
        if student_copy not in ("weak", "strong"):
            raise UserError(f"student_copy: expected 'weak' or 'strong', got {student_copy!r}")
        unlabeled: tuple[Augmentation, ...] = ("weak", "strong")
        self._seen = unlabeled.index(student_copy)
        self.copies: Mapping[SourceKind, tuple[Augmentation, ...]] = {
            "pseudo": ("strong",),
            "unlabeled": unlabeled[: self._seen + 1],
        }
        self._weight = weight
        self._decay = decay
        self._noise = noise

    def check(self, student: nn.Module) -> None:
        """Refuse models without features and logits by pixel."""
        require_dense(student, "MeanTeacher")

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return the model's losses on masks, and the loss on unlabeled pictures."""
        student, masked = step.student, step.masked
        weak, own = step.group("unlabeled"), step.group("unlabeled", self._seen)
        taught = probabilities_of(step.networks["teacher"], noisy(weak.pictures, self._noise))
        seen = DensePass.of(student, torch.cat([masked.pictures, own.pictures]))
        said = seen.logits(own.pictures.shape[-2:], len(masked)).float().softmax(dim=1)
        squares = (said - taught).square().mean(dim=1)
        valid = valid_pixels(own.masks, ignored_by(student))
        distance = (squares * valid).sum() / valid.sum().clamp(min=1)
        losses = seen.losses(masked.samples)
        losses["loss_unlabeled"] = self._weight * sigmoid_ramp(step.progress) * distance
        return losses

    def after_step(self, step: Step) -> None:
        """Let the teacher follow the student."""
        follow(step.networks["teacher"], step.student, self._decay, step.iteration)
