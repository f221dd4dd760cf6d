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


def xor_boxes(
    count: int, size: Sequence[int], *, boxes: int = 3, area: tuple[float, float] = (0.25, 0.5)
) -> Tensor:
    """Draw several boxes a picture, as CPS and cutmix-seg do for CutMix.

    Each is the share 1 / ``boxes`` of an area drawn evenly, and its height is drawn evenly on a
    logarithmic scale from those that fit. Where two overlap, the picture below is seen.

    Args:
        count: N, of pictures.
        size: height and width of the pictures in pixels.
        boxes: in each picture.
        area: least and largest share of the picture in all boxes of an equal share.

    Returns:
        (N, H, W) bool on the CPU, true where an odd number of boxes lies.
    """
    height, width = size
    made = torch.zeros(count, height, width, dtype=torch.bool)
    for picture in made:
        for share, tall, top, left in torch.rand(boxes, 4).tolist():
            share = area[0] + share * (area[1] - area[0])
            h = round(height * share**tall / sqrt(boxes))
            w = round(width * share ** (1 - tall) / sqrt(boxes))
            y, x = round(top * (height - h)), round(left * (width - w))
            picture[y : y + h, x : x + w].logical_not_()
    return made


def random_box(size: Sequence[int], share: float = 2 / 3) -> Tensor:
    """Draw one box of a share of each side at a random place.

    Args:
        size: height and width in pixels.
        share: of each side, in (0, 1].

    Returns:
        (H, W) bool on the CPU, true inside the box.
    """
    box = torch.zeros(*size, dtype=torch.bool)
    sides = [max(1, int(length * share)) for length in size]
    top, left = (
        int(torch.randint(length - side + 1, ())) for length, side in zip(size, sides, strict=True)
    )
    box[top : top + sides[0], left : left + sides[1]] = True
    return box


def pasted(below: Tensor, above: Tensor, boxes: Tensor) -> Tensor:
    """Return pictures or masks with others of the batch pasted into boxes.

    Args:
        below: (N, H, W) or (N, C, H, W).
        above: of the same shape, seen inside the boxes.
        boxes: (N, H, W) bool, or (H, W) where one is for all.
    """
    boxes = boxes.expand(len(below), *boxes.shape[-2:])
    inside = boxes.to(below.device)
    return torch.where(inside if below.ndim == 3 else inside[:, None], above, below)
