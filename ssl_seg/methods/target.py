"""What a teacher says of unlabeled pixels, and what a student loses by saying something else."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ssl_seg.methods.boxes import pasted


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

    def pasted(self, boxes: Tensor) -> Target:
        """Return the target of pictures that have their mirror in the batch pasted into boxes."""
        parts = (self.labels, self.confidence, self.valid)
        return Target(*(pasted(part, part.flip(0), boxes) for part in parts))

    def cross_entropy(self, logits: Tensor, threshold: float) -> Tensor:
        """Return the sum over pixels that the teacher is sure of, by the number of valid pixels.

        A batch of few sure pixels thus counts little.

        Args:
            logits: (N, C, H, W) of the student.
            threshold: least confidence.
        """
        losses = functional.cross_entropy(logits.float(), self.labels, reduction="none")
        sure = self.valid & (self.confidence >= threshold)
        return (losses * sure).sum() / self.valid.sum().clamp(min=1)


def valid_pixels(masks: Tensor, ignore: int) -> Tensor:
    """Return which pixels of unlabeled samples lie inside their pictures, (N, H, W) bool."""
    return torch.ne(masks, ignore)
