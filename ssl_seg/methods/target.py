"""What a teacher says of unlabeled pixels, and what a student loses by saying something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ssl_seg.methods.boxes import cutmix_boxes, pasted
from ssl_seg.methods.step import Group


@dataclass(frozen=True)
class Target:
    """Labels of a teacher.

    Attributes:
        labels: (N, H, W) int64, class numbers.
        confidence: (N, H, W), their probabilities, in [0, 1].
        valid: (N, H, W) bool, false outside the pictures.
    """

    labels: Tensor
    confidence: Tensor
    valid: Tensor

    @classmethod
    def of(cls, probabilities: Tensor, valid: Tensor) -> Target:
        """Return the most probable classes.

        Args:
            probabilities: (N, C, H, W).
            valid: (N, H, W) bool.
        """
        confidence, labels = probabilities.max(dim=1)
        return cls(labels, confidence, valid)

    def pasted(self, boxes: Tensor, partners: Sequence[int] | None = None) -> Target:
        """Return the target of pictures with others of the batch pasted into them.

        Args:
            boxes: (N, H, W) bool, where the others are seen.
            partners: which picture is pasted into each; its mirror in the batch by default.
        """
        places = list(partners or reversed(range(len(self.labels))))
        parts = (self.labels, self.confidence, self.valid)
        return Target(*(pasted(part, part[places], boxes) for part in parts))

    def cross_entropy(self, logits: Tensor, threshold: float) -> Tensor:
        """Return the sum over pixels that the teacher is sure of, by the number of valid pixels.

        A batch of few sure pixels thus counts little.

        Args:
            logits: (N, C, H, W) of the student.
            threshold: least confidence.
        """
        losses = functional.cross_entropy(logits.float(), self.labels, reduction="none")
        return self._share_of_valid(losses, threshold)

    def sureness(self, threshold: float) -> Tensor:
        """Return the share of valid pixels that the teacher is sure of."""
        return self._share_of_valid(torch.ones_like(self.confidence), threshold)

    def _share_of_valid(self, values: Tensor, threshold: float) -> Tensor:
        """Return the sum of values (N, H, W) over sure pixels, by the number of valid ones."""
        sure = self.valid & (self.confidence >= threshold)
        return (values * sure).sum() / self.valid.sum().clamp(min=1)


def cutmix(
    copy: Group, probabilities: Tensor, ignore: int, probability: float
) -> tuple[Tensor, Target]:
    """Return pictures with their mirror in the batch pasted into boxes, and the target of these.

    Args:
        copy: of N unlabeled samples.
        probabilities: what a teacher says of them, (N, C, H, W).
        ignore: marks what lies outside in masks.
        probability: that a picture gets a box.
    """
    size = copy.pictures.shape[-2:]
    boxes = cutmix_boxes(len(copy), size, probability=probability)
    target = Target.of(probabilities, valid_pixels(copy.masks, ignore))
    return pasted(copy.pictures, copy.pictures.flip(0), boxes), target.pasted(boxes)


def valid_pixels(masks: Tensor, ignore: int) -> Tensor:
    """Return which pixels of unlabeled samples lie inside their pictures, (N, H, W) bool."""
    return torch.ne(masks, ignore)
