"""AD-MT: two averaged teachers that follow the student in turns, and label together."""

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
from ssl_seg.methods.ramp import sigmoid_ramp
from ssl_seg.methods.step import STUDENT, Step
from ssl_seg.methods.target import cutmix
from ssl_seg.models.dense import DensePass, ignored_by, probabilities_of, require_dense
from ssl_seg.registry import METHODS

_TEACHERS = ("teacher1", "teacher2")


@METHODS.register_module()
@final
class ADMT:
    """Zhao et al., "Alternate Diverse Teaching for Semi-supervised Medical Image Segmentation".

    Published at ECCV 2024. Two averaged teachers follow the student in turns of random length. In
    the turns of the first, the student sees strong copies of unlabeled pictures, in those of the
    second weak ones with boxes of CutMix. Both teachers label the weak copies:

        p = w1 p1 + w2 p2,  w_i = exp(-H_i) / (exp(-H_1) + exp(-H_2))

    H is the entropy in bits. Where their labels differ and the student is surer of its own than p
    is, the student's probabilities stand for p. The loss is

        L = L_sup + weight * ramp * L_u

    where L_u is the cross entropy over the sure pixels, divided by the number of all valid ones,
    and the ramp is exp(-5 (1 - progress)^2). Without ``strong`` transforms in the config, the turns
    of the first teacher are self-training without augmentation.

    Departures from the published code: cross entropy for every data set, where ACDC had Dice; it
    is divided by all valid pixels; both teachers and the student label in eval mode, with averaged
    statistics of batch normalisation; the boxes are those of UniMatch, instead of half of the
    picture in the mean; the student is published, and not the best of the three on a validation
    set.

    Args:
        threshold: least confidence of a label, in [0, 1). Published are 0.95 for slices (ACDC) and
            0.8 for volumes (LA, Pancreas).
        weight: of the unlabeled loss at the end of the training, at least 0.
        cutmix: probability that a picture gets a box in a turn of the second teacher, in [0, 1].
        decay: of the teachers' averages, in [0, 1).
        period: most iterations of a turn, at least 1; published is half an epoch.
    """

    kinds: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "pseudo", "unlabeled"})
    needs: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "unlabeled"})
    copies: ClassVar[dict[SourceKind, tuple[Augmentation, ...]]] = {
        "pseudo": ("strong",),
        "unlabeled": ("weak", "strong"),
    }
    companions: ClassVar[dict[str, Companion]] = dict.fromkeys(_TEACHERS, FOLLOWER)
    published = STUDENT
    passes = 4

    def __init__(
        self,
        *,
        threshold: float = 0.95,
        weight: float = 2.0,
        cutmix: float = 1.0,
        decay: float = 0.99,
        period: int = 50,
    ) -> None:
        check_share("threshold", threshold, one=False)
        check_weight("weight", weight)
        check_share("cutmix", cutmix)
        check_share("decay", decay, one=False)
        count(period, "period")
        self._threshold = threshold
        self._weight = weight
        self._cutmix = cutmix
        self._decay = decay
        self._period = period

    def check(self, student: nn.Module) -> None:
        """Refuse models without features and logits by pixel."""
        require_dense(student, "ADMT")

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return the model's losses on masks, and the loss on unlabeled pictures."""
        student, masked = step.student, step.masked
        weak, strong = step.group("unlabeled"), step.group("unlabeled", 1)
        one, two, own = (
            probabilities_of(step.networks[name], weak.pictures) for name in (*_TEACHERS, STUDENT)
        )
        second = self._turn(step) == 1
        copy, boxes = (weak, self._cutmix) if second else (strong, 0.0)
        pictures, target = cutmix(copy, _agreed(one, two, own), ignored_by(student), boxes)
        seen = DensePass.of(student, torch.cat([masked.pictures, pictures]))
        entropy = target.cross_entropy(
            seen.logits(pictures.shape[-2:], len(masked)), self._threshold
        )
        losses = seen.losses(masked.samples)
        losses["loss_unlabeled"] = self._weight * sigmoid_ramp(step.progress) * entropy
        return losses

    def after_step(self, step: Step) -> None:
        """Let the teacher whose turn it is follow the student."""
        teacher = step.networks[_TEACHERS[self._turn(step)]]
        # Each follows in about half of the iterations.
        follow(teacher, step.student, self._decay, step.iteration // 2)

    def _turn(self, step: Step) -> int:
        return turn(step.iteration, step.iterations, self._period)


def turn(iteration: int, iterations: int, period: int) -> int:
    """Return whose turn it is: 0 or 1, for turns of 1 to ``period`` iterations.

    Their lengths are drawn evenly, from the same seed in every training.
    """
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, period + 1, (iterations,), generator=generator)
    return int((lengths.cumsum(0) <= iteration).sum()) % 2


def _agreed(one: Tensor, two: Tensor, own: Tensor) -> Tensor:
    """Return what two teachers say together, and the student where it is surer than these.

    Args:
        one: probabilities (N, C, H, W) of the first teacher.
        two: of the second one.
        own: of the student.
    """
    share = torch.sigmoid(_entropy(two) - _entropy(one))
    both = share * one + (1 - share) * two
    differ = one.argmax(dim=1, keepdim=True) != two.argmax(dim=1, keepdim=True)
    surer = own.amax(dim=1, keepdim=True) > both.amax(dim=1, keepdim=True)
    return torch.where(differ & surer, own, both)


def _entropy(probabilities: Tensor) -> Tensor:
    """Return the entropy in bits, (N, 1, H, W)."""
    nats = -torch.xlogy(probabilities, probabilities).sum(dim=1, keepdim=True)
    return nats / log(2)
