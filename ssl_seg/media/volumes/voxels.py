"""The voxels of a volume, in the smallest type that holds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssl_seg.media.volumes.grid import Grid
from ssl_seg.media.volumes.nifti import named, opened

_WHOLE_TYPES = (np.dtype(np.uint8), np.dtype(np.int16))


def read_voxels(path: Path) -> tuple[NDArray[Any], Grid]:
    """Read the values of a volume, scaled as its header says.

    Returns:
        The voxels in native order, and their grid. Their type is the first of uint8, int16 and
        float32 that holds the values exactly, or float32.

    Raises:
        FileNotFoundError: there is no such file.
        UserError: it is no NIfTI file of one volume, or it is cut off or damaged.
    """
    with named(path), opened(path) as file:
        values = _Values(file.stored(), file.slope, file.intercept)
        return values.as_type(values.smallest_type()), Grid(file.shape, file.affine)


@dataclass(frozen=True)
class _Values:
    """The voxels of a file, to be scaled slab by slab: as floats they take four times the memory.

    Attributes:
        stored: as they are in the file.
        slope: a value is slope times what is stored, plus the intercept.
        intercept: see above.
    """

    stored: NDArray[Any]
    slope: float
    intercept: float

    def slabs(self) -> Iterator[NDArray[Any]]:
        """Yield the scaled values slab by slab, in a type that holds them."""
        for slab in slabs(self.stored):
            if (self.slope, self.intercept) == (1, 0):
                yield slab
            else:
                yield slab * np.float64(self.slope) + self.intercept

    def smallest_type(self) -> np.dtype[Any]:
        """Return the smallest type that holds all values exactly; float32 if there is none."""
        low, high = np.inf, -np.inf
        for slab in self.slabs():
            if slab.dtype.kind == "f" and not np.array_equal(np.rint(slab), slab):
                return np.dtype(np.float32)
            low, high = min(low, slab.min()), max(high, slab.max())
        for kind in _WHOLE_TYPES:
            if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
                return kind
        return np.dtype(np.float32)

    def as_type(self, kind: np.dtype[Any]) -> NDArray[Any]:
        """Return all scaled values."""
        if (self.stored.dtype, self.slope, self.intercept) == (kind, 1, 0):
            return self.stored
        values = np.empty(self.stored.shape, kind, order="F")
        for target, slab in zip(slabs(values), self.slabs(), strict=True):
            target[...] = slab
        return values


def slabs(voxels: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield views along the last axis, which is the slowest one of a file."""
    return (voxels[..., index] for index in range(voxels.shape[-1]))
