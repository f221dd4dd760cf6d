"""The working grid: volumes, their labels and predictions follow one rule, so they always fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.errors import UserError
from ssl_seg.media.volumes.grid import Grid, Shape


@dataclass(frozen=True)
class WorkingGrid:
    """How far apart axial slices are while volumes are worked on.

    The first and the last slice stay where they are in the body, and the others are spread evenly
    between them, as many as bring their distance nearest to the one that was asked for. So nothing
    is ever extrapolated, neither on the way in nor on the way back. Rows and columns of a slice
    stay as they are.

    Attributes:
        slice_spacing: distance of axial slices (along the canonical z) in mm to resample to;
            ``None`` keeps each file's own.

    Raises:
        UserError: ``slice_spacing`` is no positive number.
    """

    slice_spacing: float | None = None

    def __post_init__(self) -> None:
        spacing: Any = self.slice_spacing
        if spacing is None:
            return
        number = isinstance(spacing, int | float) and not isinstance(spacing, bool)
        if not (number and 0 < spacing < math.inf):
            raise UserError(
                "slice_spacing: expected the distance of axial slices in mm, a number above 0, or "
                f"None for each file's own, got {spacing!r}"
            )

    def shape(self, grid: Grid) -> Shape:
        """Return the number of working voxels along x, y and z."""
        x, y, z = grid.canonical_shape
        if self.slice_spacing is None or z == 1:
            return x, y, z
        intervals = (z - 1) * grid.canonical_spacing[2] / self.slice_spacing
        return x, y, 1 + max(1, math.floor(intervals + 0.5))

    def image(self, voxels: NDArray[Any], grid: Grid) -> NDArray[Any]:
        """Resample canonical voxels (X, Y, Z), linearly between slices.

        Returns:
            (X, Y, working Z) of the same type; whole numbers are rounded to the nearest.
        """
        _check_shape(voxels, grid.canonical_shape)
        return _interpolated(voxels, self.shape(grid)[2])

    def labels(self, labels: NDArray[np.uint8], grid: Grid) -> NDArray[np.uint8]:
        """Resample canonical labels (X, Y, Z) to those of the nearest slice."""
        _check_shape(labels, grid.canonical_shape)
        target = self.shape(grid)[2]
        if labels.shape[2] == target:
            return labels
        whole, rest = _positions(labels.shape[2], target)
        return labels[..., whole + (2 * rest >= target - 1)]

    def back(self, planes: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
        """Resample working values (..., X, Y, working Z) linearly to canonical (..., X, Y, Z)."""
        _check_shape(planes, self.shape(grid))
        return _interpolated(planes, grid.canonical_shape[2])


def _interpolated(voxels: NDArray[Any], target: int) -> NDArray[Any]:
    """Resample the last axis linearly to another length, its ends staying where they are."""
    if voxels.shape[-1] == target:
        return voxels
    # The slices of a file lie one after another in memory; so do these.
    resampled = np.empty((*voxels.shape[:-1], target), voxels.dtype, order="F")
    for index, (lower, rest) in enumerate(zip(*_positions(voxels.shape[-1], target), strict=True)):
        plane = voxels[..., lower].astype(np.float32)
        if rest:
            plane += (voxels[..., lower + 1] - plane) * np.float32(rest / (target - 1))
        resampled[..., index] = np.rint(plane) if voxels.dtype.kind in "iu" else plane
    return resampled


def _positions(source: int, target: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where target slices lie among source slices: whole, and a rest in 1/(target - 1)."""
    # In integers, so that an image and its labels never differ by a rounding.
    return np.divmod(np.arange(target) * (source - 1), target - 1)


def _check_shape(voxels: NDArray[Any], shape: Shape) -> None:
    if voxels.shape[-3:] != shape:
        raise ValueError(f"expected voxels of shape {shape} (x, y, z), got {voxels.shape}")
