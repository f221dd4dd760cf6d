"""Affines: where the voxels of a volume lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import TypeAlias

_TIE = 1e-3
"""Difference of two spacings, in shares of the larger, that headers' rounding may make."""

Affine: TypeAlias = tuple[tuple[float, ...], ...]
"""4×4, from voxel indices to mm to the right, to the front and to the head."""


def spacing(affine: Affine) -> tuple[float, float, float]:
    """Return the distance in mm between neighbouring voxels along each axis."""
    # Neither hypot nor dist: both round in another way than numpy and nibabel do.
    x, y, z = (math.sqrt(sum(step * step for step in column)) for column in _columns(affine))
    return x, y, z


def acquired_axis(affine: Affine) -> int:
    """Return the axis along which a volume was acquired slice by slice.

    The axis with the largest spacing. Where two or three share it, but for a thousandth, the last
    axis: files store their slices one after another along it.
    """
    steps = spacing(affine)
    largest = [axis for axis in range(3) if steps[axis] > max(steps) * (1 - _TIE)]
    return largest[0] if len(largest) == 1 else 2


def farthest(one: Affine, other: Affine, shape: Sequence[int]) -> float:
    """Return how far in mm the same voxel lies from itself at most, by two affines.

    Args:
        one: an affine.
        other: another one.
        shape: number of voxels along each axis.
    """
    # The distance is a convex function of the indices: it is largest at a corner.
    corners = product(*((0, size - 1) for size in shape))
    return max(math.dist(_place(one, corner), _place(other, corner)) for corner in corners)


def _columns(affine: Affine) -> list[tuple[float, ...]]:
    """Return the steps in mm that one voxel further along each axis makes."""
    return list(zip(*affine[:3], strict=True))[:3]


def _place(affine: Affine, voxel: Sequence[int]) -> tuple[float, ...]:
    return tuple(
        sum(factor * index for factor, index in zip(row, (*voxel, 1), strict=True))
        for row in affine[:3]
    )


def written_shape(lengths: Sequence[float]) -> str:
    """Write lengths along axes for people: ``512×512×240``."""
    return "×".join(f"{length:g}" for length in lengths)


def written(affine: Sequence[Sequence[float]]) -> str:
    """Write the three rows of an affine that say anything: ``[1 0 0 -90; 0 1 0 5; 0 0 3 8]``."""
    rows = (" ".join(f"{entry:.7g}" for entry in row) for row in affine[:3])
    return f"[{'; '.join(rows)}]"
