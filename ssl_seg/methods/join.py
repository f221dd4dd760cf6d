"""Joining stored pseudo labels with what the networks say while they are trained."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any, final

import torch
from torch import Tensor, nn

from ssl_seg.core.stage import Augmentation
from ssl_seg.core.stage_config import Join
from ssl_seg.methods.method import Method
from ssl_seg.methods.step import STUDENT, Step
from ssl_seg.methods.wrapped import Wrapped
from ssl_seg.models.dense import ignored_by, probabilities_of, require_dense
from ssl_seg.models.mixed_space import in_spaces, reductions_of
from ssl_seg.models.own_confidence import check_weighing, weighing_pseudo_labels

_WEAK: tuple[Augmentation, ...] = ("weak",)
_ASKING = "of pseudo_labels.join"


def joined(method: Method, join: Join) -> Method:
    """Return a method that joins stored pseudo labels with what its networks say."""
    return Agreeing(method) if join == "agree" else Weighing(method)


@final
class Agreeing(Wrapped):
    """A method that learns a pseudo label only where its teacher says the same: ``join='agree'``.

    The teacher sees the weak copy of each pseudo-labeled picture in eval mode; pixels of which it
    says another class than the stored one are ignored in all copies. Classes are compared in the
    label space of the stored ones. The teacher is the first network that follows the student: the
    method's own, otherwise the one that the key ``average`` adds. Where there is none, it is the
    student.

    What a teacher is sure of at first follows from little training, and what is ignored cannot
    correct it: use it with many labeled samples in each batch, or on a trained start model. It
    costs a forward pass of the pseudo-labeled pictures.
    """

    def __init__(self, method: Method) -> None:
        super().__init__(method)
        wanted = tuple(method.copies.get("pseudo", _WEAK))
        # Seen by the teacher alone, and hidden from the method.
        added = () if wanted[0] == "weak" else _WEAK
        self._added = len(added)
        self.copies = {**method.copies, "pseudo": added + wanted}
        followers = (name for name, made in method.companions.items() if not made.trained)
        self._teacher = next(followers, STUDENT)
        self.passes = method.passes + 1

    def check(self, student: nn.Module) -> None:
        """Refuse what the method refuses, and models without logits by pixel."""
        super().check(student)
        require_dense(student, _ASKING)

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return the method's, on the pixels that both agree on."""
        return self._method.losses(self._agreed(step))

    def _agreed(self, step: Step) -> Step:
        if not len(step.group("pseudo")):
            return step
        labels = iter(self._labels(step))
        kept, samples = [], []
        for place, sample in enumerate(step.samples):
            if sample.metainfo["source"] == "pseudo":
                copy = sample.metainfo["copy"]
                if copy == 0:
                    said = next(labels)
                if copy < self._added:
                    continue
                sample = _masked(sample, said, copy - self._added, ignored_by(step.student))
            kept.append(place)
            samples.append(sample)
        return replace(step, pictures=step.pictures[kept], samples=samples)

    def _labels(self, step: Step) -> Tensor:
        """Return what the teacher says of pseudo-labeled pictures, (N, H, W), in their spaces."""
        weak = step.group("pseudo")
        labels = torch.empty_like(weak.masks)
        logarithms = probabilities_of(step.networks[self._teacher], weak.pictures).log()
        for places, own in in_spaces(logarithms, weak.samples, reductions_of(step.student)):
            labels[places] = own.argmax(dim=1)
        return labels


def _masked(sample: Any, labels: Tensor, copy: int, ignore: int) -> Any:
    """Return a copy of a sample, under a number, that ignores where its mask is not a label."""
    made = sample.clone()
    mask = made.gt_sem_seg.data
    made.gt_sem_seg.data = torch.where(mask == labels, mask, ignore)
    made.set_metainfo({"copy": copy})
    return made


@final
class Weighing(Wrapped):
    """A method that weighs pseudo-labeled pixels by the student: ``join='weigh'``.

    Feng et al., "DMT: Dynamic Mutual Training for Semi-Supervised Learning" (Pattern Recognition
    2022): a pixel with the stored class y weighs p(y)^exponent, p being what the network in
    training says, and the sum is divided by the number of all labeled pixels. Networks that are
    trained beside the student weigh by what they say themselves.

    Published students start from trained weights. One that starts from scratch gives each of C
    classes 1/C, so pseudo labels weigh next to nothing until it has learned from labeled samples.

    Departures: the published rule also gives weight 0 where the student is surer of another class
    than the stored label was; here such a pixel merely weighs little. On pseudo-labeled samples the
    weighed cross entropy stands in for all losses of the heads, such as Dice, of which single
    pixels have no part; see `ssl_seg.models.own_confidence`.

    Args:
        method: how the networks learn.
        exponent: published is 5 for driving scenes and VOC.
    """

    def __init__(self, method: Method, exponent: float = 5.0) -> None:
        super().__init__(method)
        self._exponent = exponent

    def check(self, student: nn.Module) -> None:
        """Refuse what the method refuses, and heads with losses of their own."""
        super().check(student)
        require_dense(student, _ASKING)
        check_weighing(student)

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return the method's, with pseudo-labeled pixels weighed."""
        with ExitStack() as stack:
            for network in step.networks.values():
                stack.enter_context(weighing_pseudo_labels(network, self._exponent))
            return self._method.losses(step)
