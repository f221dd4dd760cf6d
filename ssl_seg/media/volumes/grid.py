"""The voxel grid of a volume: as its file has it outside, along the body's axes inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.orientations import io_orientation
from numpy.typing import NDArray

from ssl_seg.media.volumes.affine import Affine, spacing
from ssl_seg.media.volumes.nifti import named, opened

Shape = tuple[int, int, int]
Lengths = tuple[float, float, float]


@dataclass(frozen=True)
class Grid:
    """Where the voxels of a NIfTI file lie.

    Native is the order of axes in the file. Canonical is RAS+: x grows to the patient's right, y to
    the front, z to the head. Between them axes are only exchanged and reversed, so no voxel
    changes; the axes of an oblique scan go to the nearest ones of the body.

    Attributes:
        shape: native number of voxels along each axis.
        affine: 4 x 4, from native indices to mm in RAS+.
    """

    shape: Shape
    affine: Affine

    @classmethod
    def of(cls, path: Path) -> Grid:
        """Read the grid of a file from its header.

        Raises:
            FileNotFoundError: there is no such file.
            UserError: it is no NIfTI file of one volume, or damaged.
        """
        with named(path), opened(path) as file:
            return cls(file.shape, file.affine)

    @property
    def spacing(self) -> Lengths:
        """Distance of neighbouring voxels along each native axis, in mm."""
        return spacing(self.affine)

    @property
    def canonical_shape(self) -> Shape:
        """Number of voxels along x, y and z."""
        return _three([self.shape[axis] for axis in self._sources])

    @property
    def canonical_spacing(self) -> Lengths:
        """Distance of neighbouring voxels along x, y and z, in mm."""
        spacing = self.spacing
        return _three([spacing[axis] for axis in self._sources])

    def to_canonical(self, voxels: NDArray[Any]) -> NDArray[Any]:
        """Return a view of native voxels (..., *shape) as (..., *canonical_shape).

        Raises:
            ValueError: the last three axes are not this grid's.
        """
        _check_shape(voxels, self.shape, "native")
        return np.flip(_last_axes_ordered(voxels, self._sources), self._reversed)

    def to_native(self, voxels: NDArray[Any]) -> NDArray[Any]:
        """Return a view of canonical voxels (..., *canonical_shape) as (..., *shape).

        Raises:
            ValueError: the last three axes are not this grid's.
        """
        _check_shape(voxels, self.canonical_shape, "canonical")
        targets = [self._sources.index(axis) for axis in range(3)]
        return _last_axes_ordered(np.flip(voxels, self._reversed), targets)

    @cached_property
    def _orientation(self) -> NDArray[np.float64]:
        """Canonical axis and direction (1 or -1) of each native axis, (3, 2)."""
        return io_orientation(np.array(self.affine))  # type: ignore[no-untyped-call]

    @property
    def directions(self) -> tuple[tuple[int, bool], ...]:
        """For each native axis the canonical one, and whether it runs the other way."""
        return tuple((int(axis), direction < 0) for axis, direction in self._orientation)

    @cached_property
    def _sources(self) -> tuple[int, ...]:
        """The native axis of each canonical one."""
        return tuple(np.argsort(self._orientation[:, 0]).tolist())

    @cached_property
    def _reversed(self) -> tuple[int, ...]:
        """Canonical axes, counted from the end, along which the file runs the other way."""
        return tuple(int(axis) - 3 for axis, direction in self._orientation if direction < 0)


def _last_axes_ordered(voxels: NDArray[Any], order: Sequence[int]) -> NDArray[Any]:
    leading = voxels.ndim - 3
    return voxels.transpose(*range(leading), *(leading + axis for axis in order))


def _check_shape(voxels: NDArray[Any], shape: Shape, kind: str) -> None:
    if voxels.shape[-3:] != shape:
        raise ValueError(f"expected voxels in the {kind} grid {shape}, got shape {voxels.shape}")


def _three(values: Any) -> Any:
    """Return three values as a tuple of known length."""
    first, second, third = values
    return first, second, third
