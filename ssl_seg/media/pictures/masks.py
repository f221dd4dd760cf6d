"""Masks and confidences as PNG files: the one place that reads and writes them.

A mask is an indexed PNG: the pixel values are class numbers, the palette is for people. The
same array always becomes the same bytes, and a file is there whole or not at all.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.media.numbering import numbered
from ssl_seg.store import atomic

# Half of the default level's time for masks, at half as much again in size.
_COMPRESSION = 3
_INDEXED_MODES = ("P", "L", "1")


def write_mask(path: Path, labels: NDArray[np.uint8], space: LabelSpace) -> None:
    """Write class numbers as an indexed PNG in the colours of their space.

    Args:
        path: of the file; folders that are missing are made.
        labels: class numbers or the ignore value, uint8 (H, W).
        space: whose palette is written; what is no class, the ignore value too, is black.

    Raises:
        ValueError: the array is not uint8 (H, W).
    """
    picture = Image.fromarray(_checked(path, labels))
    colours = bytes(value for colour in space.palette for value in colour)
    picture.putpalette(colours.ljust(3 * 256, b"\0"))
    _write(path, picture)


def write_confidence(path: Path, confidence: NDArray[np.floating]) -> None:
    """Write probabilities as an 8-bit grey PNG.

    Args:
        path: of the file; folders that are missing are made.
        confidence: (H, W) in [0, 1]; rounded to the nearest 1/255.

    Raises:
        ValueError: a value is not in [0, 1], or the array is not (H, W).
    """
    levels = np.rint(255 * confidence)
    if not np.all((levels >= 0) & (levels <= 255)):
        raise ValueError(f"{path}: expected confidences in [0, 1], got others or NaN")
    _write(path, Image.fromarray(_checked(path, levels.astype(np.uint8))))


def read_indices(path: Path) -> NDArray[np.uint8]:
    """Read the values of a single-channel image, palette entries by number, as uint8 (H, W).

    Raises:
        FileNotFoundError: there is no such file.
        UserError: it is no readable image, or one of colours or more than 8 bits.
    """
    try:
        with Image.open(path) as picture:
            if picture.mode not in _INDEXED_MODES:
                raise UserError(
                    f"{path}: expected one channel of class numbers (8-bit grey or palette), got "
                    f"mode {picture.mode}; save it with one number per pixel instead of a colour"
                )
            return np.array(picture, dtype=np.uint8)
    except (UnidentifiedImageError, SyntaxError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise UserError(f"{path}: not a readable image: {error}") from error


def read_truth(path: Path, values: LabelValues) -> NDArray[np.uint8]:
    """Read a label file into its label space.

    Args:
        path: of a single-channel image.
        values: what the file's values mean.

    Returns:
        Class numbers or the ignore value, uint8 (H, W).

    Raises:
        FileNotFoundError: there is no such file.
        UserError: it is no mask, or it holds a value that the label space does not list.
    """
    return numbered(path, read_indices(path), values)


def read_confidence(path: Path) -> NDArray[np.uint8]:
    """Read what `write_confidence` wrote as levels, uint8 (H, W); 255 is probability 1.

    Raises:
        FileNotFoundError: there is no such file.
        UserError: it is no single-channel image.
    """
    return read_indices(path)


def _checked(path: Path, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if labels.dtype != np.uint8 or labels.ndim != 2:
        raise ValueError(
            f"{path}: expected a uint8 array (H, W), got {labels.dtype} {labels.shape}"
        )
    return labels


def _write(path: Path, picture: Image.Image) -> None:
    encoded = BytesIO()
    picture.save(encoded, "png", compress_level=_COMPRESSION)
    atomic.write_bytes(path, encoded.getvalue())
