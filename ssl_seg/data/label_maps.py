"""Masks and confidences as PNG files: the one place that reads and writes them.

A mask is an indexed PNG: the pixel values are class numbers, the palette is for people. The
same array always becomes the same bytes, and a file is there whole or not at all.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Literal, NoReturn

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.store import atomic

# Half of the default level's time for masks, at half as much again in size.
_COMPRESSION = 3
_INDEXED_MODES = ("P", "L", "1")


def write_label_map(path: Path, labels: NDArray[np.uint8], space: LabelSpace) -> None:
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
        ValueError: it is no readable image, or one of colours or more than 8 bits.
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
        ValueError: it is no mask, or it holds a value that the label space does not list.
    """
    return numbered(path, read_indices(path), values)


def numbered(path: Path, indices: NDArray[np.uint8], values: LabelValues) -> NDArray[np.uint8]:
    """Turn what a file holds into class numbers or the ignore value, uint8 of the same shape.

    Args:
        path: of the file, for messages.
        indices: its values, uint8 of any number of axes.
        values: what they mean.

    Raises:
        ValueError: the file holds a value that the label space does not list.
    """
    numbers, known = _tables(values)
    # OpenCV takes two axes; the order in memory stays, as turning a volume costs more than this.
    order: Literal["F", "C"] = "F" if indices.flags.f_contiguous else "C"
    row = indices.reshape((1, -1), order=order)
    if not cv2.LUT(row, known).all():
        _refuse(path, indices, values)
    return np.asarray(cv2.LUT(row, numbers), np.uint8).reshape(indices.shape, order=order)


def read_confidence(path: Path) -> NDArray[np.uint8]:
    """Read what `write_confidence` wrote as levels, uint8 (H, W); 255 is probability 1.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no single-channel image.
    """
    return read_indices(path)


@lru_cache(maxsize=32)
def _tables(values: LabelValues) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return for each file value its number, and whether it is allowed (256,)."""
    table = values.lookup()
    numbers = np.array([0 if number is None else number for number in table], np.uint8)
    return numbers, np.array([number is not None for number in table], np.uint8)


def _refuse(path: Path, indices: NDArray[np.uint8], values: LabelValues) -> NoReturn:
    listed = {value for value, _ in values.table}
    found = {int(value) for value in np.unique(indices)}
    unknown = sorted(found - listed)
    if found == {0, 255}:
        cause = "; it looks like a black and white mask: write the class number instead of 255"
    elif unknown == [255]:
        cause = "; 255 often marks pixels without a class: set it as the ignore value"
    else:
        cause = ""
    raise UserError(
        f"{path}: holds the values {unknown[:8]}, which label space {values.space.name!r} does "
        f"not list; allowed are {_ranges(sorted(listed))}{cause}"
    )


def _ranges(numbers: list[int]) -> str:
    """Write sorted numbers for people: ``0-10, 255``."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{part[0]}-{part[-1]}" if part[1:] else f"{part[0]}" for part in parts)


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
