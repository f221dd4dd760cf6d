"""Volumes as NIfTI files: the one place that reads and writes their voxels.

Labels and confidences are written in the grid of their image, so that they lie on it in a viewer.
The same array always becomes the same bytes, and a file is there whole or not at all.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.arrayproxy import ArrayProxy
from nibabel.nifti1 import Nifti1Image
from numpy.typing import NDArray

from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelValues
from ssl_seg.media.numbering import numbered
from ssl_seg.media.volumes.grid import Grid
from ssl_seg.media.volumes.nifti_image import opened
from ssl_seg.store import atomic

_WHOLE_TYPES = (np.dtype(np.uint8), np.dtype(np.int16))

# Masks become a hundredth of their size at the lowest level; higher ones take twice the time.
_COMPRESSION = 1

_LEVELS = 255


def read_voxels(path: Path) -> tuple[NDArray[Any], Grid]:
    """Read the values of a volume, scaled as its header says.

    Returns:
        The voxels in native order, and their grid. Their type is the first of uint8, int16 and
        float32 that holds the values exactly, or float32.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no NIfTI file of one volume, or it is cut off.
    """
    image = opened(path)
    values = _Values.of(path, image)
    return values.as_type(values.smallest_type()), Grid.of_image(image)


def read_label_values(path: Path) -> NDArray[np.uint8]:
    """Read what a label file holds, in native order; whole numbers may be stored as floats.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be read, or a value is not a whole number in [0, 255].
    """
    voxels, _ = read_voxels(path)
    if voxels.dtype != np.uint8:
        wrong = ~((voxels >= 0) & (voxels <= 255) & (np.rint(voxels) == voxels))
        raise UserError(
            f"{path}: expected whole numbers from 0 to 255 as labels, got "
            f"{voxels[wrong][0]:g} in {np.count_nonzero(wrong)} voxels"
        )
    return voxels


def read_labels(path: Path, values: LabelValues) -> NDArray[np.uint8]:
    """Read a label file into its label space: class numbers or the ignore value, native order.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no label file, or it holds a value that the label space does not list.
    """
    return numbered(path, read_label_values(path), values)


def write_labels(path: Path, labels: NDArray[np.uint8], grid: Grid) -> None:
    """Write class numbers as a .nii.gz file of 8 bits.

    Args:
        path: of the file; folders that are missing are made.
        labels: class numbers or the ignore value, uint8 in native order.
        grid: of the image that they belong to.

    Raises:
        ValueError: the array is not uint8 in the shape of the grid.
    """
    _write(path, _image(path, labels, grid))


def write_confidence(path: Path, confidence: NDArray[np.floating], grid: Grid) -> None:
    """Write probabilities as a .nii.gz file of 8 bits, which viewers show in [0, 1].

    Args:
        path: of the file; folders that are missing are made.
        confidence: in [0, 1], in native order; rounded to the nearest 1/255.
        grid: of the image that they belong to.

    Raises:
        ValueError: a value is not in [0, 1], or the array has not the shape of the grid.
    """
    if not (confidence.min() >= 0 and confidence.max() <= 1):
        raise ValueError(f"{path}: expected confidences in [0, 1], got others or NaN")
    levels = np.empty_like(confidence, np.uint8)
    for level, values in zip(_slabs(levels), _slabs(confidence), strict=True):
        level[...] = np.rint(values * _LEVELS)
    image = _image(path, levels, grid)
    image.header.set_slope_inter(1 / _LEVELS, 0)
    _write(path, image)


def read_confidence(path: Path) -> NDArray[np.uint8]:
    """Read what `write_confidence` wrote as levels in native order; 255 is probability 1.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no file of 8-bit levels.
    """
    stored = _Values.of(path, opened(path)).stored
    if stored.dtype != np.uint8:
        raise UserError(f"{path}: expected confidences of 8 bits, got {stored.dtype}")
    return stored


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

    @classmethod
    def of(cls, path: Path, image: Nifti1Image) -> _Values:
        """Read all voxels of an opened file."""
        proxy = image.dataobj
        if not isinstance(proxy, ArrayProxy):
            raise TypeError(f"{path}: expected an image that was opened from its file")
        try:
            stored = np.asarray(proxy.get_unscaled())  # type: ignore[no-untyped-call]
        except (EOFError, OSError, ValueError, zlib.error) as error:
            raise UserError(
                f"{path}: the voxels cannot be read, the file is cut off or damaged ({error}); "
                "copy or download it again"
            ) from error
        if stored.dtype.kind not in "iuf":
            raise UserError(f"{path}: expected one number per voxel, got {stored.dtype}")
        return cls(stored, float(proxy.slope), float(proxy.inter))

    def slabs(self) -> Iterator[NDArray[Any]]:
        """Yield the scaled values slab by slab, in a type that holds them."""
        for slab in _slabs(self.stored):
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
        for target, slab in zip(_slabs(values), self.slabs(), strict=True):
            target[...] = slab
        return values


def _slabs(voxels: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield views along the last axis, which is the slowest one of a file."""
    return (voxels[..., index] for index in range(voxels.shape[-1]))


def _image(path: Path, voxels: NDArray[np.uint8], grid: Grid) -> Any:
    """Return nibabel's image, few of whose methods are typed; it lies where its grid does."""
    if voxels.dtype != np.uint8 or voxels.shape != grid.shape:
        raise ValueError(
            f"{path}: expected a uint8 array in its image's grid {grid.shape}, got {voxels.dtype} "
            f"{voxels.shape}"
        )
    affine = np.array(grid.affine)
    image: Any = Nifti1Image(voxels, affine)  # type: ignore[no-untyped-call]
    image.set_qform(affine, code="scanner")
    image.set_sform(affine, code="scanner")
    image.header.set_xyzt_units("mm")
    return image


def _write(path: Path, image: Any) -> None:
    # A time in the file would make equal arrays differ.
    atomic.write_bytes(path, gzip.compress(image.to_bytes(), _COMPRESSION, mtime=0))
