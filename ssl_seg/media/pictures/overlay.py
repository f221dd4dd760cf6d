"""Overlays: an image with its mask laid over it, for people to look at."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ssl_seg.core.space import LabelSpace
from ssl_seg.store import atomic


def write_overlay(
    path: Path, image: Path, labels: NDArray[np.uint8], space: LabelSpace, opacity: float
) -> None:
    """Write a JPEG of an image in the colours of its classes.

    Args:
        path: of the picture.
        image: the image's file, turned upright as its EXIF data say.
        labels: (H, W) class numbers or the ignore value, of the image's size.
        space: whose palette is used; what is no class keeps the image's colour.
        opacity: of the colours, 0 (image only) to 1 (colours only).
    """
    with Image.open(image) as opened:
        pixels = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"), dtype=np.float32)
    colours = np.zeros((256, 3), dtype=np.float32)
    colours[: len(space)] = space.palette
    weight = np.zeros((256, 1), dtype=np.float32)
    weight[: len(space)] = opacity
    blended = pixels + weight[labels] * (colours[labels] - pixels)
    buffer = BytesIO()
    Image.fromarray(np.rint(blended).astype(np.uint8)).save(buffer, "JPEG", quality=92)
    atomic.write_bytes(path, buffer.getvalue())
