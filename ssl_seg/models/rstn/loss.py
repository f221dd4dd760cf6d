"""The Dice loss that RSTN trains with."""

from __future__ import annotations

from torch import Tensor

from ssl_seg.models.rstn.channels import SLICES

COARSE_SHARE = 1 / 3
FINE_SHARE = 2 / 3
"""Shares of the two networks' losses in the total, in every section."""

_EPSILON = 1e-6


def dsc_loss(probability: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """Return 1 - (2 Σ p y + ε) / (Σ (p + y) + ε) with ε = 1e-6, the mean over samples and classes.

    The sums run over the three slices, so a sample of one class is scored as one small volume. Two
    empty masks have no loss.

    Args:
        probability: (N, 3K, H, W) in [0, 1], as `ssl_seg.models.rstn.channels` orders them.
        truth: (N, 3K, H, W) bool.
        known: (N, 3K, H, W) bool, pixels that count.

    Returns:
        A scalar in [0, 1].
    """
    samples, channels, height, width = probability.shape
    volumes = (samples, channels // SLICES, SLICES * height * width)
    p = (probability * known).reshape(volumes)
    y = (truth & known).to(p.dtype).reshape(volumes)
    overlap = (p * y).sum(dim=2)
    total = (p + y).sum(dim=2)
    loss: Tensor = (1 - (2 * overlap + _EPSILON) / (total + _EPSILON)).mean()
    return loss
