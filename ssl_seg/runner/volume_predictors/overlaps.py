"""Overlapping windows of three neighbouring slices become one map for each slice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Maps = NDArray[np.float32]


def windows_of_slices(count: int) -> NDArray[np.int64]:
    """Return in how many windows each of a volume's slices lies, (count,).

    Three, or two for the first and the last slice: where a window repeats a slice at an end, the
    repetition does not count.
    """
    numbers = np.arange(count)
    return np.minimum(numbers + 1, count - 1) - np.maximum(numbers - 1, 0) + 1


def averaged(batches: Iterable[Maps], divisors: NDArray[np.int64]) -> Iterator[tuple[int, Maps]]:
    """Average each slice over the windows that contain it, as soon as all of them are there.

    Args:
        batches: of windows (n, K, 3, H, W), one window for each slice in order, the slice in the
            middle.
        divisors: of each slice's sum, (slices,); see `windows_of_slices`.

    Yields:
        Number of the first slice, and maps (K, m, H, W) of it and its successors.
    """
    start = 0
    carried: Maps | None = None
    for windows in batches:
        sums = _summed(windows)
        if carried is None:
            sums = sums[:, 1:]  # before the first slice there is none
        else:
            sums[:, :2] += carried
        carried = sums[:, -2:]
        if sums.shape[1] > 2:
            yield start, _divided(sums[:, :-2], divisors[start:])
            start += sums.shape[1] - 2
    if carried is not None:
        yield start, _divided(carried[:, :1], divisors[start:])


def _summed(windows: Maps) -> Maps:
    """Add the windows up by slice, from the one before the first window to one behind the last."""
    count, classes, _, height, width = windows.shape
    sums = np.zeros((classes, count + 2, height, width), np.float32)
    for place in range(3):
        sums[:, place : place + count] += windows[:, :, place].swapaxes(0, 1)
    return sums


def _divided(sums: Maps, divisors: NDArray[np.int64]) -> Maps:
    """Divide the sums of slices (K, m, H, W) in place."""
    count = sums.shape[1]
    sums /= divisors[:count, None, None].astype(np.float32)
    return sums
