"""Random functions of space: smooth ones, and the noise of a detector.

They are made of integers by sums and products alone, so that all machines agree.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Field = NDArray[np.float32]

REACH_MM: Final = (100.0, 100.0, 50.0)
"""Smooth fields are drawn from minus to plus this along x, y and z, whatever part of it is seen."""

_NOISE_SPREAD: Final = 0.2165
"""Standard deviation of what `noise` draws before it is scaled: uniform over [-1, 1], then softened
along two axes (0.577 × 0.612 × 0.612)."""


def smooth_field(rng: Generator, axes: Sequence[Field], step_mm: float) -> Field:
    """Draw a smooth field: quadratic B-splines through space, with random coefficients.

    Equal generators draw equal functions of space, however densely and wherever they are sampled.

    Args:
        rng: Source of the coefficients; how many are drawn depends on `step_mm` alone.
        axes: Positions along x, y and z in mm, `(X,)`, `(Y,)` and `(Z,)`, within `REACH_MM`.
        step_mm: Distance between coefficients: features are about this large.

    Returns:
        `(X, Y, Z)` in [-1, 1], with a standard deviation of about 0.24.
    """
    counts = [int(2 * reach / step_mm) + 4 for reach in REACH_MM]
    field = _white(rng, counts)
    for axis, (positions, reach) in enumerate(zip(axes, REACH_MM, strict=True)):
        field = _spline(field, axis, (positions + np.float32(reach)) / np.float32(step_mm) + 1)
    return field


def noise(rng: Generator, shape: Sequence[int]) -> Field:
    """Draw the noise of a scan: of standard deviation 1, alike in neighbours of one slice only."""
    field = _white(rng, shape)
    for axis in (0, 1):
        field = soften(field, axis, 0.25)
    return field / np.float32(_NOISE_SPREAD)


def soften(field: Field, axis: int, share: float) -> Field:
    """Let every voxel give a share to each of its two neighbours along an axis.

    Args:
        field: Any values.
        axis: Along which.
        share: 0 keeps them all, 0.25 is the most that blurs without ringing.

    Returns:
        Values of the same shape and, but for the ends of the axis, of the same sum.
    """
    last = field.shape[axis] - 1
    before = np.take(field, [0, *range(last)], axis)
    after = np.take(field, [*range(1, last + 1), last], axis)
    return np.float32(1 - 2 * share) * field + np.float32(share) * (before + after)


def _white(rng: Generator, shape: Sequence[int]) -> Field:
    """Return independent values in [-1, 1]."""
    return rng.integers(-127, 128, tuple(shape), dtype=np.int8).astype(np.float32) / np.float32(127)


def _spline(coefficients: Field, axis: int, at: Field) -> Field:
    """Evaluate quadratic B-splines along one axis.

    Args:
        coefficients: Any values.
        axis: Which axis of them to replace.
        at: `(N,)` positions; coefficient `i` is the centre of its spline at `i`.
    """
    nearest = np.floor(at + np.float32(0.5))
    t = at - nearest
    half = np.float32(0.5)
    weights = (half * (half - t) ** 2, np.float32(0.75) - t * t, half * (half + t) ** 2)
    shape = [-1 if each == axis else 1 for each in range(coefficients.ndim)]
    parts = [
        np.take(coefficients, nearest.astype(np.intp) + shift, axis) * weight.reshape(shape)
        for shift, weight in zip((-1, 0, 1), weights, strict=True)
    ]
    return parts[0] + parts[1] + parts[2]
