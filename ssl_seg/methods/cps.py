"""CPS: two networks learn each other's labels."""

from __future__ import annotations

from typing import ClassVar, final

import torch
from torch import Tensor, nn

from ssl_seg.core.errors import UserError
from ssl_seg.core.stage import Augmentation, SourceKind
from ssl_seg.methods.arguments import check_weight
from ssl_seg.methods.boxes import pasted, xor_boxes
from ssl_seg.methods.method import PEER, Companion
from ssl_seg.methods.step import STUDENT, Step
from ssl_seg.methods.target import Target, valid_pixels
from ssl_seg.models.dense import DensePass, ignored_by, probabilities_of, require_dense
from ssl_seg.registry import METHODS


@METHODS.register_module()
@final
class CPS:
    """Chen et al., "Semi-Supervised Semantic Segmentation with Cross Pseudo Supervision" (2021).

    Two networks of one architecture start from different scratch weights. Both learn the masks, and
    each learns the labels of the other, without a threshold:

        L = L_sup1 + L_sup2 + weight * (CE(p1, labels2) + CE(p2, labels1))

    With ``cutmix``, these are labels of unlabeled pictures, of which the networks then see mixed
    ones: another picture of the batch is pasted into each by three boxes. Without, they are labels
    of all pictures of the batch as they are. CE is the mean over valid pixels.

    A training costs twice the memory and four times the passes of a supervised one. The first
    network becomes the model. Where backbones start from a file, the networks differ in their heads
    alone. Networks that are drawn at random say little of use at first: SSL4MIS has the weight rise
    to 0.1 for such, while the paper has 1.5 for VOC and, for Cityscapes with CutMix, 5.

    Departures from the published code: labels come from a pass in eval mode, so that they do not
    depend on what else is in the batch; the pasted picture is the batch's in reverse order instead
    of that of a second loader; masked and unlabeled pictures go through a network together; pixels
    without a label of a picture with a mask are not learned from the other network either.

    Args:
        weight: of what the networks learn from each other, at least 0.
        cutmix: whether unlabeled pictures are mixed.
    """

    kinds: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "pseudo", "unlabeled"})
    needs: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "unlabeled"})
    copies: ClassVar[dict[SourceKind, tuple[Augmentation, ...]]] = {"pseudo": ("strong",)}
    companions: ClassVar[dict[str, Companion]] = {"peer": PEER}
    published = STUDENT
    passes = 4

    def __init__(self, *, weight: float = 1.5, cutmix: bool = True) -> None:
        check_weight("weight", weight)
        if not isinstance(cutmix, bool):
            raise UserError(f"cutmix: expected True or False, got {cutmix!r}")
        self._weight = weight
        self._cutmix = cutmix

    def check(self, student: nn.Module) -> None:
        """Refuse models without features and logits by pixel."""
        require_dense(student, "CPS")

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return both networks' losses on masks, and those on each other's labels."""
        networks = (step.student, step.networks["peer"])
        masked, unlabeled = step.masked, step.group("unlabeled")
        pictures, masks = unlabeled.pictures, unlabeled.masks
        if not self._cutmix:
            pictures = torch.cat([masked.pictures, pictures])
            masks = torch.cat([masked.masks, masks])
        valid = valid_pixels(masks, ignored_by(step.student))
        targets = [Target.of(probabilities_of(network, pictures), valid) for network in networks]
        if self._cutmix:
            boxes = xor_boxes(len(pictures), pictures.shape[-2:])
            targets = [target.pasted(boxes) for target in targets]
            mixed = pasted(pictures, pictures.flip(0), boxes)
            pictures = torch.cat([masked.pictures, mixed])
        losses: dict[str, Tensor] = {}
        for prefix, network, taught in zip(("", "peer."), networks, reversed(targets), strict=True):
            seen = DensePass.of(network, pictures)
            own = seen.losses(masked.samples)
            logits = seen.logits(pictures.shape[-2:], len(pictures) - len(valid))
            own["loss_cross"] = self._weight * taught.cross_entropy(logits, threshold=0)
            losses |= {prefix + name: loss for name, loss in own.items()}
        return losses

    def after_step(self, step: Step) -> None:
        """Do nothing: the optimiser moves both networks."""
