"""Connected components of labels."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor


def largest_components(labels: Tensor, ignore: int) -> Tensor:
    """Keep the largest connected component of each class in each picture.

    Class 0, which is the background where classes are organs, is kept as it is. Pixels that touch
    at a corner are connected.

    Args:
        labels: (N, H, W) int64, class numbers below 256 or the ignore value.
        ignore: what the pixels of all other components become.

    Returns:
        (N, H, W) int64 on the same device.
    """
    kept = labels.cpu().numpy().astype(np.uint8)
    for picture in kept:
        for number in np.unique(picture):
            if number not in (0, ignore):
                picture[_smaller_components(picture == number)] = ignore
    return torch.from_numpy(kept).to(labels)


def _smaller_components(mask: np.ndarray) -> np.ndarray:
    """Return which pixels of a mask (H, W) lie in another component than the largest."""
    _, components, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    largest = 1 + statistics[1:, cv2.CC_STAT_AREA].argmax()
    return mask & (components != largest)
