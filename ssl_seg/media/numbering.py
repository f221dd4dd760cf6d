"""From the values in a label file to the class numbers of a label space, by a checked table."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal, NoReturn

import cv2
import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelValues


def numbered(path: Path, indices: NDArray[np.uint8], values: LabelValues) -> NDArray[np.uint8]:
    """Turn what a file holds into class numbers or the ignore value, uint8 of the same shape.

    Args:
        path: of the file, for messages.
        indices: its values, uint8 of any number of axes.
        values: what they mean.

    Raises:
        UserError: the file holds a value that the label space does not list.
    """
    numbers, known = _tables(values)
    # OpenCV takes two axes; the order in memory stays, as turning a volume costs more than this.
    order: Literal["F", "C"] = "F" if indices.flags.f_contiguous else "C"
    row = indices.reshape((1, -1), order=order)
    if not cv2.LUT(row, known).all():
        _refuse(path, indices, values)
    return np.asarray(cv2.LUT(row, numbers), np.uint8).reshape(indices.shape, order=order)


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
