"""The working size: pictures, their labels and their scores follow one rule, so they always fit."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ssl_seg.core.errors import UserError
from ssl_seg.media.pictures.facts import upright_size

_JPEG_START = b"\xff\xd8\xff"

_REDUCED = {
    8: cv2.IMREAD_REDUCED_COLOR_8,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    2: cv2.IMREAD_REDUCED_COLOR_2,
}
"""Flags of OpenCV that make it decode a JPEG to 1/8, 1/4 and 1/2 of its sides.

Other formats it decodes whole and shrinks bilinearly, which is neither faster nor as good.
"""


@dataclass(frozen=True)
class WorkingSize:
    """How large pictures and their masks are while they are worked on.

    Attributes:
        max_side: longest side in pixels; what is longer is shrunk, what is not stays as it is.
            ``None`` keeps everything at its original size.

    Raises:
        UserError: ``max_side`` is no positive integer.
    """

    max_side: int | None

    def __post_init__(self) -> None:
        side: Any = self.max_side
        if side is not None and (isinstance(side, bool) or not isinstance(side, int) or side < 1):
            raise UserError(
                "max_side: expected the longest side in pixels, an integer of at least 1, or None "
                f"for the original size, got {side!r}"
            )

    def of(self, height: int, width: int) -> tuple[int, int]:
        """Return the working height and width of a picture, in pixels.

        The longer side becomes ``max_side``, the shorter one keeps the aspect, rounded half up.
        """
        longer = max(height, width)
        if self.max_side is None or longer <= self.max_side:
            return height, width
        # In integers, so that a picture and its label never differ by a rounding.
        shrunk = [(2 * side * self.max_side + longer) // (2 * longer) for side in (height, width)]
        return max(1, shrunk[0]), max(1, shrunk[1])

    def picture(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Return a picture (H, W) or (H, W, C) at its working size, as means of what is covered."""
        return self._resized(pixels, cv2.INTER_AREA)

    def labels(self, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a mask (H, W) at its working size, as the labels nearest to the centres."""
        return self._resized(labels, cv2.INTER_NEAREST_EXACT)

    def decode_jpeg(self, content: bytes) -> NDArray[np.uint8] | None:
        """Decode a JPEG of at least twice its working size, but not all of it.

        It is decoded to 1/8, 1/4 or 1/2 of its sides, the least that covers the working size and
        is a whole number of pixels.

        Args:
            content: of a picture file, which may be of any format.

        Returns:
            The picture (H, W, 3) in BGR at its working size, turned upright as its EXIF data say;
            ``None`` if it is no JPEG that can be read, or has no such part.
        """
        if self.max_side is None or not content.startswith(_JPEG_START):
            return None
        try:
            with Image.open(BytesIO(content)) as picture:
                width, height = upright_size(picture)
        except OSError:
            return None
        size = self.of(height, width)
        for parts, flag in _REDUCED.items():
            # Where a part of a pixel were left over, the picture would be stretched by the rest.
            exact = height % parts == width % parts == 0
            if exact and height >= parts * size[0] and width >= parts * size[1]:
                pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flag)
                return None if pixels is None else _resized_to(size, pixels, cv2.INTER_AREA)
        return None

    def _resized(self, pixels: NDArray[Any], interpolation: int) -> NDArray[Any]:
        height, width = pixels.shape[:2]
        return _resized_to(self.of(height, width), pixels, interpolation)


def at_size_of(picture: Path, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a mask (h, w) at the upright size of the picture file that it was made of."""
    with Image.open(picture) as opened:
        width, height = upright_size(opened)
    return _resized_to((height, width), labels, cv2.INTER_NEAREST_EXACT)


def _resized_to(size: tuple[int, int], pixels: NDArray[Any], interpolation: int) -> NDArray[Any]:
    """Resize to height and width; what has this size already is returned as it is."""
    if pixels.shape[:2] == size:
        return pixels
    return cv2.resize(pixels, size[::-1], interpolation=interpolation)
