"""How slices and classes share the channels of a map.

Channel 3k + s holds foreground class k + 1 in slice s of three neighbours.
"""

from __future__ import annotations

import torch
from torch import Tensor

SLICES = 3
"""Neighbouring slices that go into the networks and come out of them."""

IGNORED = 255
"""Label of pixels that count for nothing."""


def foreground(labels: Tensor, classes: int) -> Tensor:
    """Return where each foreground class is.

    Args:
        labels: (N, 3, H, W) uint8 class numbers, 0 for background, `IGNORED` for none.
        classes: foreground classes K.

    Returns:
        (N, 3K, H, W) bool.
    """
    return torch.cat([labels == number for number in range(1, classes + 1)], dim=1)


def known(labels: Tensor, classes: int) -> Tensor:
    """Return where labels (N, 3, H, W) are not ignored, (N, 3K, H, W) bool."""
    return (labels != IGNORED).repeat(1, classes, 1, 1)
