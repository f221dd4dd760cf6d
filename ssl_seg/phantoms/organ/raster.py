"""Which part of a body every voxel of a scan lies in."""

from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ssl_seg.phantoms.organ.body import Body
from ssl_seg.phantoms.organ.fields import Field, smooth_field
from ssl_seg.phantoms.organ.grid import Grid
from ssl_seg.phantoms.organ.shapes import Shape

_WARPS: Final = ((16.0, 5.0), (5.0, 2.2))
"""Size of features, and how far they move a point at most, in mm: the bends and the lobes that
solids lack."""

_FARTHEST_MM: Final = sum(most for _, most in _WARPS)


def rasterise(body: Body, grid: Grid, rng: Generator) -> NDArray[np.uint8]:
    """Find the part that is seen in every voxel.

    Args:
        body: At most 255 parts.
        grid: The voxels.
        rng: Source of the irregularities of all surfaces.

    Returns:
        `(X, Y, Z)`, 0 outside the body, else one more than the part's position in `body.parts`.
    """
    axes = [grid.axis(axis) / np.float32(scale) for axis, scale in enumerate(body.scale)]
    warped = [axes[0][:, None, None], axes[1][None, :, None], axes[2][None, None, :]]
    warped = [positions + _warp(rng, axes) for positions in warped]
    in_belly = body.trunk.belly.holds(*warped)
    index = np.zeros(grid.shape, dtype=np.uint8)
    for number, part in enumerate(body.parts, start=1):
        is_organ = number > len(body.trunk.parts)
        for shape in part.shapes:
            box = _box(shape, axes)
            x, y, z = (positions[box] for positions in warped)
            held = shape.holds(x, y, z)
            index[box][held & in_belly[box] if is_organ else held] = number
    return index


def _warp(rng: Generator, axes: list[Field]) -> Field:
    """Draw how far every voxel is moved along one axis, in mm."""
    bend, lobe = (np.float32(most) * smooth_field(rng, axes, step) for step, most in _WARPS)
    return bend + lobe


def _box(shape: Shape, axes: list[Field]) -> tuple[slice, slice, slice]:
    """Return the voxels among which a shape lies, wherever it is moved."""
    low, high = shape.bounds()
    x, y, z = (
        slice(
            int(np.searchsorted(positions, least - _FARTHEST_MM)),
            int(np.searchsorted(positions, most + _FARTHEST_MM)),
        )
        for positions, least, most in zip(axes, low, high, strict=True)
    )
    return x, y, z
