"""BCP: labeled and unlabeled pictures are pasted into each other, and so are their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from torch import Tensor, nn

from ssl_seg.core.stage import Augmentation, SourceKind
from ssl_seg.methods.arguments import check_share, check_weight
from ssl_seg.methods.average import follow
from ssl_seg.methods.boxes import pasted, random_box
from ssl_seg.methods.components import largest_components
from ssl_seg.methods.method import FOLLOWER, Companion
from ssl_seg.methods.region_loss import region_loss
from ssl_seg.methods.step import STUDENT, Group, Step
from ssl_seg.methods.target import valid_pixels
from ssl_seg.models.dense import DensePass, ignored_by, probabilities_of, require_dense
from ssl_seg.models.mixed_space import in_spaces, reductions_of
from ssl_seg.registry import METHODS


@METHODS.register_module()
@final
class BCP:
    """Bai et al., "Bidirectional Copy-Paste for Semi-Supervised Medical Image Segmentation" (2023).

    A box of 2/3 of each side is drawn at a random place, one for the batch. In half of the pairs of
    a labeled and an unlabeled picture the unlabeled one is seen inside the box (inward), in the
    others the labeled one (outward). An averaged teacher labels the unlabeled ones. The loss is

        L = L_in + L_out,  each  l(labeled part) + u_weight * l(unlabeled part),

    where l is (cross entropy + Dice) / 2 over the pixels of a part. There are as many pairs as
    there are pictures of the more frequent kind, and at least two; the rarer kind is repeated in
    turn. Labels in coarser label spaces are learned in these.

    During the first ``pretrain`` of the iterations each labeled picture is instead mixed with the
    one before it in the batch, L = l(inside) + l(outside), unlabeled ones are not looked at, and
    the teacher is a copy of the student. Pseudo-labeled samples are learned beside all this, as
    they are, by the model's own loss; on mixed pictures the main head alone learns.

    The method suits pictures that are alike in layout, such as organs, by models with a loss of
    cross entropy and Dice. It works on pictures and on slices of volumes, one by one.

    Departures from the published code (that for ACDC): ``pretrain`` replaces a training of its own
    on labeled pictures, of which the best on val was taken, and shares one schedule of the learning
    rate with the rest; during it each labeled picture is mixed, not half as many; the teacher
    labels in eval mode; what lies outside the largest component is ignored instead of being taken
    for background; padding is ignored.

    Args:
        pretrain: share of the iterations in which only labeled pictures are mixed, in [0, 1).
        u_weight: of the parts that the teacher has labeled.
        decay: of the teacher's average, in [0, 1).
        largest: whether of each class but 0 in a picture only the teacher's largest connected
            component is learned. Right for an organ that is of one piece in a slice. Set it to
            ``False`` where a class may come in several, as cars in streets or both kidneys do.
    """

    kinds: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "pseudo", "unlabeled"})
    needs: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "unlabeled"})
    copies: ClassVar[dict[SourceKind, tuple[Augmentation, ...]]] = {"pseudo": ("strong",)}
    companions: ClassVar[dict[str, Companion]] = {"teacher": FOLLOWER}
    published = STUDENT
    passes = 1

    def __init__(
        self,
        *,
        pretrain: float = 0.3,
        u_weight: float = 0.5,
        decay: float = 0.99,
        largest: bool = True,
    ) -> None:
        check_share("pretrain", pretrain, one=False)
        check_weight("u_weight", u_weight)
        check_share("decay", decay, one=False)
        self._pretrain = pretrain
        self._u_weight = u_weight
        self._decay = decay
        self._largest = largest

    def check(self, student: nn.Module) -> None:
        """Refuse models without features and logits by pixel."""
        require_dense(student, "BCP")

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return the losses on mixed pictures, and the model's own on pseudo-labeled ones."""
        student, pseudo = step.student, step.group("pseudo")
        mixes = self._among_labeled(step) if self._pretrains(step) else self._both_ways(step)
        size = step.pictures.shape[-2:]
        box = random_box(size).to(step.pictures.device)
        mixed = [pasted(outside.pictures, inside.pictures, box) for outside, inside in mixes]
        seen = DensePass.of(student, torch.cat([pseudo.pictures, *mixed]))
        losses = seen.losses(pseudo.samples) if len(pseudo) else {}
        end, parts = len(pseudo), []
        for outside, inside in mixes:
            start, end = end, end + len(outside.samples)
            logits = seen.logits(size, start, end)
            parts += [outside.loss(student, logits, ~box), inside.loss(student, logits, box)]
        losses["loss_mixed"] = torch.stack(parts).sum()
        return losses

    def after_step(self, step: Step) -> None:
        """Let the teacher follow the student, as a copy of it at first."""
        decay = 0.0 if self._pretrains(step) else self._decay
        follow(step.networks["teacher"], step.student, decay, step.iteration)

    def _pretrains(self, step: Step) -> bool:
        return step.progress < self._pretrain

    def _among_labeled(self, step: Step) -> list[tuple[_Part, _Part]]:
        labeled = step.group("labeled")
        places = range(len(labeled))
        return [
            (
                _Part.of(labeled, labeled.masks, places),
                _Part.of(labeled, labeled.masks, [place - 1 for place in places]),
            )
        ]

    def _both_ways(self, step: Step) -> list[tuple[_Part, _Part]]:
        labeled, unlabeled = step.group("labeled"), step.group("unlabeled")
        labels = self._labels(step, unlabeled)
        pairs = range(max(len(labeled), len(unlabeled), 2))
        half = len(pairs) // 2

        def true(places: range) -> _Part:
            return _Part.of(labeled, labeled.masks, places)

        def taught(places: range) -> _Part:
            return _Part.of(unlabeled, labels, places, self._u_weight)

        inward, outward = pairs[:half], pairs[half:]
        return [(true(inward), taught(inward)), (taught(outward), true(outward))]

    def _labels(self, step: Step, unlabeled: Group) -> Tensor:
        """Return the teacher's labels of unlabeled pictures, (N, H, W)."""
        ignore = ignored_by(step.student)
        labels = probabilities_of(step.networks["teacher"], unlabeled.pictures).argmax(dim=1)
        labels = labels.where(valid_pixels(unlabeled.masks, ignore), ignore)
        return largest_components(labels, ignore) if self._largest else labels


@dataclass(frozen=True)
class _Part:
    """What is seen inside the box of mixed pictures, or outside it.

    Attributes:
        pictures: (N, C, H, W), whole.
        labels: (N, H, W) of them, in the label spaces of the samples.
        samples: N.
        weight: of its loss.
    """

    pictures: Tensor
    labels: Tensor
    samples: Sequence[Any]
    weight: float

    @classmethod
    def of(cls, group: Group, labels: Tensor, places: Sequence[int], weight: float = 1.0) -> _Part:
        """Return members of a group; places beyond its end begin anew."""
        found = [place % len(group) for place in places]
        samples = [group.samples[place] for place in found]
        return cls(group.pictures[found], labels[found], samples, weight)

    def loss(self, student: nn.Module, logits: Tensor, visible: Tensor) -> Tensor:
        """Return its loss over visible pixels (H, W), in each space by its number of samples."""
        known = visible & valid_pixels(self.labels, ignored_by(student))
        losses = [
            len(places) * region_loss(own, self.labels[places], known[places])
            for places, own in in_spaces(logits, self.samples, reductions_of(student))
        ]
        return self.weight * torch.stack(losses).sum() / len(self.samples)
