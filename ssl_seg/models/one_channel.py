"""Segmentors whose output is one channel, a sigmoid with a threshold, as those of two classes."""

from __future__ import annotations

import torch
from torch import Tensor


def as_two_classes(logits: Tensor, threshold: float) -> Tensor:
    """Write logits (N, 1, H, W) as those of background and foreground, (N, 2, H, W).

    The foreground is likelier where its sigmoid is above the threshold.
    """
    offset = torch.tensor(threshold, dtype=logits.dtype).logit()
    return torch.cat([torch.zeros_like(logits), logits - offset], dim=1)
