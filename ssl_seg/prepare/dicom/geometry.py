"""Where the voxels of a series lie."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.errors import UserError
from ssl_seg.prepare.dicom.header import SliceHeader

# Headers are rounded, to some hundredths of a millimetre at worst; a missing slice is a step of 2.
_STEP_TOLERANCE = 0.1
_UNIT_TOLERANCE = 1e-3

_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""From DICOM's patient coordinates (left, back, head) to NIfTI's (right, front, head)."""


def affine(slices: Sequence[SliceHeader]) -> NDArray[np.float64]:
    """Return the affine of an array [column, row, slice], from indices to RAS millimetres.

    Slices keep their order: where it runs to the feet, so does the affine.

    Args:
        slices: in order, of one size, spacing and orientation; at least 2.

    Returns:
        ``(4, 4)``.

    Raises:
        UserError: the slices are not axial, or not equally far apart along their normal.
    """
    along_row, along_column = _axes(slices[0])
    step = _step(slices, np.cross(along_row, along_column))
    between_rows, between_columns = slices[0].pixel_spacing
    lps = np.eye(4)
    lps[:3, 0] = along_row * between_columns
    lps[:3, 1] = along_column * between_rows
    lps[:3, 2] = step
    lps[:3, 3] = slices[0].position
    return _TO_RAS @ lps


def _axes(header: SliceHeader) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the unit vectors along a row and along a column of an axial slice."""
    axes = np.array(header.orientation).reshape(2, 3)
    if np.abs(axes @ axes.T - np.eye(2)).max() > _UNIT_TOLERANCE:
        raise UserError(
            f"{header.path}: ImageOrientationPatient: expected two unit vectors at right angles, "
            f"found {list(header.orientation)}"
        )
    if list(np.abs(axes).argmax(axis=1)) != [0, 1]:
        raise UserError(
            f"{header.path}: not an axial slice: expected rows that run from side to side and "
            f"columns from front to back, found ImageOrientationPatient {list(header.orientation)}"
        )
    return axes[0], axes[1]


def _step(slices: Sequence[SliceHeader], normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the way from a slice to the next.

    Raises:
        UserError: the ways differ; names the two slices between which one is odd.
    """
    positions = np.array([header.position for header in slices])
    ways = np.diff(positions, axis=0)
    usual = float(np.median(ways @ normal))
    if usual == 0:
        raise UserError(f"{slices[0].path}: this slice and others lie in one place")
    off = np.linalg.norm(ways - usual * normal, axis=1)
    # Not "off > ...": the message is about the worst of them.
    worst = int(off.argmax())
    if off[worst] > _STEP_TOLERANCE * abs(usual):
        before, after = list(pairwise(slices))[worst]
        along = float(ways[worst] @ normal)
        aside = float(np.linalg.norm(ways[worst] - along * normal))
        raise UserError(
            f"the slices {before.path} and {after.path} lie {along:.2f} mm apart along their "
            f"normal and {aside:.2f} mm sideways; expected {usual:.2f} mm, as between the others, "
            "and 0 mm: is a slice missing?"
        )
    return (positions[-1] - positions[0]) / (len(slices) - 1)
