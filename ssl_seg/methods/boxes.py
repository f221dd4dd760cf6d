"""Boxes that one picture is pasted into another by."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import torch
from torch import Tensor


def cutmix_boxes(
    count: int,
    size: Sequence[int],
    *,
    probability: float = 0.5,
    area: tuple[float, float] = (0.02, 0.4),
    aspect: float = 0.3,
) -> Tensor:
    """Draw one box a picture, as UniMatch and ST++ do for CutMix.

    Args:
        count: N, of pictures.
        size: height and width of the pictures in pixels.
        probability: that a picture has a box at all.
        area: least and largest share of the picture, drawn evenly.
        aspect: least ratio of the sides; its inverse is the largest. Its logarithm is drawn evenly,
            so that no side is preferred; the published codes draw the ratio itself.

    Returns:
        (N, H, W) bool on the CPU, true inside the box.
    """
    height, width = size
    boxes = torch.zeros(count, height, width, dtype=torch.bool)
    for box in boxes:
        # As many draws for each picture, whether it has a box or not.
        has, share, ratio, top, left = torch.rand(5).tolist()
        if has >= probability:
            continue
        pixels = (area[0] + share * (area[1] - area[0])) * height * width
        factor = sqrt(aspect ** (2 * ratio - 1))
        h = min(height, max(1, round(sqrt(pixels) * factor)))
        w = min(width, max(1, round(sqrt(pixels) / factor)))
        y, x = round(top * (height - h)), round(left * (width - w))
        box[y : y + h, x : x + w] = True
    return boxes


def pasted(below: Tensor, above: Tensor, boxes: Tensor) -> Tensor:
    """Return pictures or masks with others of the batch pasted into boxes.

    Args:
        below: (N, H, W) or (N, C, H, W).
        above: of the same shape, seen inside the boxes.
        boxes: (N, H, W) bool.
    """
    inside = boxes.to(below.device)
    return torch.where(inside if below.ndim == 3 else inside[:, None], above, below)
