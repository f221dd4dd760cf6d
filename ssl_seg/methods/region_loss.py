"""Cross entropy and soft Dice over a part of each picture."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_SMOOTHING = 1e-5
"""Keeps the Dice of classes that are nowhere from being 0 / 0."""


def region_loss(logits: Tensor, labels: Tensor, region: Tensor) -> Tensor:
    """Return the mean of cross entropy and soft Dice loss, as BCP and SSL4MIS define them.

    The cross entropy is the mean over all pixels of the region. The Dice loss is the mean over all
    classes, the background included, of 1 - 2 sum(p y) / (sum(p^2) + sum(y^2)), with sums over the
    region in all pictures.

    Args:
        logits: (N, C, H, W), of any floating type.
        labels: (N, H, W) int64, class numbers inside the region, and any value outside.
        region: (N, H, W) bool, the pixels that count.

    Returns:
        A number in single precision; 0 where no pixel counts.
    """
    targets = labels.where(region, 0)
    logarithms = logits.float().log_softmax(dim=1)
    entropies = functional.nll_loss(logarithms, targets, reduction="none")
    entropy = (entropies * region).sum() / region.sum().clamp(min=1)
    inside = region[:, None]
    said = logarithms.exp() * inside
    classes = torch.arange(logits.shape[1], device=logits.device)[:, None, None]
    truth = (targets[:, None] == classes) & inside
    overlap = (said * truth).sum(dim=(0, 2, 3))
    total = said.square().sum(dim=(0, 2, 3)) + truth.sum(dim=(0, 2, 3))
    dice = 1 - ((2 * overlap + _SMOOTHING) / (total + _SMOOTHING)).mean()
    return (entropy + dice) / 2
