"""Masks and confidences of volumes, written in the grid of their image to lie on it in a viewer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelValues
from ssl_seg.media.numbering import numbered
from ssl_seg.media.volumes.grid import Grid
from ssl_seg.media.volumes.nifti import named, opened, write_placed
from ssl_seg.media.volumes.voxels import read_voxels, slabs

_LEVELS = 255


def read_label_values(path: Path) -> NDArray[np.uint8]:
    """Read what a label file holds, in native order; whole numbers may be stored as floats.

    Raises:
        FileNotFoundError: there is no such file.
        UserError: it cannot be read, or a value is not a whole number in [0, 255].
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
        UserError: it is no label file, or it holds a value that the label space does not list.
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
    _write(path, labels, grid)


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
    for level, values in zip(slabs(levels), slabs(confidence), strict=True):
        level[...] = np.rint(values * _LEVELS)
    _write(path, levels, grid, 1 / _LEVELS)


def read_confidence(path: Path) -> NDArray[np.uint8]:
    """Read what `write_confidence` wrote as levels in native order; 255 is probability 1.

    Raises:
        FileNotFoundError: there is no such file.
        UserError: it is no file of 8-bit levels.
    """
    with named(path), opened(path) as file:
        stored = file.stored()
    if stored.dtype != np.uint8:
        raise UserError(f"{path}: expected confidences of 8 bits, got {stored.dtype}")
    return stored


def _write(path: Path, voxels: NDArray[np.uint8], grid: Grid, slope: float | None = None) -> None:
    if voxels.dtype != np.uint8 or voxels.shape != grid.shape:
        raise UserError(
            f"{path}: expected a uint8 array in its image's grid {grid.shape}, got {voxels.dtype} "
            f"{voxels.shape}"
        )
    write_placed(path, voxels, grid.affine, slope=slope)
