"""Intensity rules: how the values of a volume become the inputs of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.errors import UserError
from ssl_seg.media.volumes.statistics import Statistics

Range = Sequence[float]


class IntensityRule(Protocol):
    """What turns values into inputs, in the same way for all slices of a volume."""

    def __call__(self, values: NDArray[Any], statistics: Statistics) -> NDArray[np.float32]:
        """Return inputs of the shape of the values.

        Args:
            values: some of the volume's values.
            statistics: of the whole volume.

        Raises:
            UserError: the volume's values are too much alike for this rule.
        """
        ...


@dataclass(frozen=True)
class Window:
    """Maps values from ``low`` to ``high``, as in HU, to [0, 1]; clips what lies outside."""

    low: float
    high: float

    def __call__(self, values: NDArray[Any], statistics: Statistics) -> NDArray[np.float32]:
        """Return inputs in [0, 1]; see `IntensityRule`."""
        return _windowed(values, self.low, self.high)


@dataclass(frozen=True)
class Percentiles:
    """Maps the values between two percentiles of the volume to [0, 1]; clips the others."""

    low: float
    high: float

    def __call__(self, values: NDArray[Any], statistics: Statistics) -> NDArray[np.float32]:
        """Return inputs in [0, 1]; see `IntensityRule`."""
        low, high = (statistics.quantile(level / 100) for level in (self.low, self.high))
        if low == high:
            raise UserError(
                f"the percentiles {self.low:g} and {self.high:g} of the volume are both {low:g}; "
                "set them further apart"
            )
        return _windowed(values, low, high)


@dataclass(frozen=True)
class ZScore:
    """Makes the volume's mean 0 and its standard deviation 1; clips nothing."""

    def __call__(self, values: NDArray[Any], statistics: Statistics) -> NDArray[np.float32]:
        """Return inputs; see `IntensityRule`."""
        if statistics.std == 0:
            raise UserError(f"all values of the volume are {statistics.mean:g}")
        return _scaled(values, statistics.mean, statistics.std)


def intensity_rule(
    window: Range | None, percentiles: Range | None, zscore: bool
) -> Window | Percentiles | ZScore:
    """Return the one rule that is set.

    Args:
        window: lowest and highest value, lowest first.
        percentiles: two numbers in [0, 100], lowest first.
        zscore: whether mean and standard deviation are used.

    Raises:
        UserError: none or several are set, or a range is none.
    """
    given = {
        "window": window is not None,
        "percentiles": percentiles is not None,
        "zscore": zscore,
    }
    chosen = [name for name, is_set in given.items() if is_set]
    if len(chosen) != 1:
        raise UserError(
            "expected exactly one intensity rule of window=(low, high), percentiles=(low, high) "
            f"and zscore=True, got {' and '.join(chosen) or 'none'}"
        )
    if window is not None:
        return Window(*_range("window", window, -np.inf, np.inf))
    if percentiles is not None:
        return Percentiles(*_range("percentiles", percentiles, 0, 100))
    return ZScore()


def _range(name: str, values: Range, least: float, greatest: float) -> tuple[float, float]:
    try:
        low, high = (float(value) for value in values)
        valid = least <= low < high <= greatest and np.isfinite([low, high]).all()
    except (TypeError, ValueError):
        valid = False
    if not valid:
        limits = "" if np.isinf(least) else f" in [{least:g}, {greatest:g}]"
        raise UserError(f"{name}: expected two numbers{limits}, the lower first, got {values!r}")
    return low, high


def _windowed(values: NDArray[Any], low: float, high: float) -> NDArray[np.float32]:
    return np.clip(_scaled(values, low, high - low), 0, 1)


def _scaled(values: NDArray[Any], zero: float, unit: float) -> NDArray[np.float32]:
    return (values - np.float32(zero)) / np.float32(unit)
