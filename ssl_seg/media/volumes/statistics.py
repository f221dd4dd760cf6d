"""What the intensity rules must know of a whole volume."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STEPS = 1000
"""Quantiles are known at every 1/STEPS."""

_LEVELS = np.linspace(0, 1, STEPS + 1)

_PART = 1 << 20


@dataclass(frozen=True)
class Statistics:
    """Statistics of all voxels of a file, in its own values.

    Attributes:
        mean: of all values.
        std: their population standard deviation.
        quantiles: the value at each level 0, 1/STEPS, ..., 1.
    """

    mean: float
    std: float
    quantiles: tuple[float, ...]

    @classmethod
    def of(cls, voxels: NDArray[Any]) -> Statistics:
        """Count 8- and 16-bit whole numbers; sort others.

        Args:
            voxels: (X, Y, Z) as `ssl_seg.media.volumes.voxels.read_voxels` returns them.
        """
        if voxels.dtype.kind in "iu":
            return cls._of_counts(*_counts(voxels))
        values = np.sort(voxels, axis=None)
        mean = float(values.mean(dtype=np.float64))
        squares = sum(float(((part - mean) ** 2).sum()) for part in _parts(values))
        return cls(mean, (squares / values.size) ** 0.5, _quantiles(values.size, values.take))

    @classmethod
    def _of_counts(cls, values: NDArray[np.int64], counts: NDArray[np.int64]) -> Statistics:
        size = int(counts.sum())
        mean = float(counts @ values) / size
        std = float(counts @ (values - mean) ** 2 / size) ** 0.5
        ends = counts.cumsum()
        return cls(
            mean,
            std,
            _quantiles(size, lambda ranks: values[np.searchsorted(ends, ranks, side="right")]),
        )

    @classmethod
    def from_plain(cls, plain: Sequence[Any]) -> Statistics:
        """Return the statistics that `plain` wrote."""
        mean, std, quantiles = plain
        return cls(mean, std, tuple(quantiles))

    def plain(self) -> list[Any]:
        """Return the statistics as a list of plain values."""
        return [self.mean, self.std, list(self.quantiles)]

    def quantile(self, level: float) -> float:
        """Return the value below which a share of the voxels lies.

        Args:
            level: share in [0, 1]; between multiples of 1/STEPS the value is interpolated.
        """
        return float(np.interp(level, _LEVELS, self.quantiles))


def _counts(voxels: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the values that a type can hold, ascending, and how many voxels hold each."""
    limits = np.iinfo(voxels.dtype)
    counts = np.zeros(limits.max - limits.min + 1, np.int64)
    # Slab by slab, as bincount makes 8-byte numbers of what it counts.
    for index in range(voxels.shape[-1]):
        slab = voxels[..., index].astype(np.int64).ravel(order="K")
        counts += np.bincount(slab - limits.min, minlength=len(counts))
    return np.arange(limits.min, limits.max + 1), counts


def _parts(values: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    """Yield values in double precision, a million at a time."""
    for start in range(0, len(values), _PART):
        yield values[start : start + _PART].astype(np.float64)


def _quantiles(
    size: int, at_ranks: Callable[[NDArray[np.int64]], NDArray[Any]]
) -> tuple[float, ...]:
    """Interpolate linearly between the values whose ranks enclose each level.

    Args:
        size: number of values.
        at_ranks: returns the values of given ranks in [0, size).
    """
    # In integers, as a level times the size may fall short of a whole rank.
    lower, rest = np.divmod(np.arange(STEPS + 1) * (size - 1), STEPS)
    low = at_ranks(lower).astype(np.float64)
    high = at_ranks(np.minimum(lower + 1, size - 1)).astype(np.float64)
    return tuple((low + (high - low) * (rest / STEPS)).tolist())
