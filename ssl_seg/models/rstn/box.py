"""Boxes around masks, their margins, and crops at native resolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

OUTSIDE = -9_999_999.0
"""Logit outside a crop; its sigmoid is exactly 0."""


class Margins(NamedTuple):
    """Pixels by which a box grows at each side."""

    top: int
    bottom: int
    left: int
    right: int


class Box(NamedTuple):
    """Rows from ``top`` to before ``bottom``, columns from ``left`` to before ``right``."""

    top: int
    bottom: int
    left: int
    right: int

    def grown(self, margins: Margins, size: Sequence[int]) -> Box:
        """Return the box with margins, as far as an image of (H, W) reaches."""
        return Box(
            max(self.top - margins.top, 0),
            min(self.bottom + margins.bottom, size[0]),
            max(self.left - margins.left, 0),
            min(self.right + margins.right, size[1]),
        )

    def of(self, maps: Tensor) -> Tensor:
        """Return the part of maps (..., H, W) inside the box, without a copy."""
        return maps[..., self.top : self.bottom, self.left : self.right]


def bounding_box(mask: Tensor) -> Box | None:
    """Return the smallest box around all channels of a (C, H, W) bool mask; None if it is empty."""
    rows = mask.any(dim=(0, 2)).nonzero().flatten().tolist()
    if not rows:
        return None
    columns = mask.any(dim=(0, 1)).nonzero().flatten().tolist()
    return Box(rows[0], rows[-1] + 1, columns[0], columns[-1] + 1)


def whole(size: Sequence[int]) -> Box:
    """Return the box of a whole image of (H, W)."""
    return Box(0, size[0], 0, size[1])


def common_box(boxes: Sequence[Box]) -> Box:
    """Return the smallest box around boxes."""
    tops, bottoms, lefts, rights = zip(*boxes, strict=True)
    return Box(min(tops), max(bottoms), min(lefts), max(rights))


def even_margins(margin: int) -> Margins:
    """Return the same margin at all sides."""
    return Margins(margin, margin, margin, margin)


def random_margins(margin: int) -> Margins:
    """Return the margin at all sides, or with probability 1/2 one of its own for each side.

    These are uniform in 0, 1, ..., 2 margin. Drawn from torch's global generator.
    """
    if torch.rand(()) < 0.5:
        return even_margins(margin)
    return Margins(*torch.randint(2 * margin + 1, (4,)).tolist())


def crop(images: Tensor, boxes: Sequence[Box]) -> Tensor:
    """Crop a batch to what all boxes have in common, each image black outside its own box.

    Args:
        images: (N, C, H, W).
        boxes: one for each image.

    Returns:
        (N, C, h, w), of the size of `common_box`.
    """
    common = common_box(boxes)
    cropped = common.of(images)
    if all(box == common for box in boxes):
        return cropped
    inside = images.new_zeros(len(images), 1, *images.shape[-2:])
    for number, box in enumerate(boxes):
        box.of(inside[number]).fill_(1)
    return cropped * common.of(inside)


def uncrop(logits: Tensor, box: Box, size: Sequence[int]) -> Tensor:
    """Put logits (N, C, h, w) of a box back into an image of (H, W), `OUTSIDE` around it."""
    around = (box.left, size[1] - box.right, box.top, size[0] - box.bottom)
    return functional.pad(logits, around, value=OUTSIDE)
