"""Cuts: how a volume is cut into the slices of a view, without a copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.views import BodyView, View
from ssl_seg.media.volumes.affine import acquired_axis
from ssl_seg.media.volumes.grid import Grid

Value = TypeVar("Value", bound=np.generic)
Place: TypeAlias = tuple[slice, slice, slice]

_X, _Y, _Z = range(3)


@dataclass(frozen=True)
class Cut:
    """How the axes of the body become slices, rows and columns.

    Attributes:
        axes: of the body (0 is x) along which slices, rows and columns count.
        reverse: which of the three count from the other end.
    """

    axes: tuple[int, int, int]
    reverse: tuple[bool, bool, bool] = (False, False, False)

    def slices(self, volume: NDArray[Value]) -> NDArray[Value]:
        """Return a volume (..., z, y, x) as the slices (..., n, H, W): a view of the same memory.

        What is written to the slices is written to the volume.
        """
        leading = volume.ndim - 3
        order = (leading + 2 - axis for axis in self.axes)
        ordered = volume.transpose(*range(leading), *order)
        return np.flip(ordered, tuple(at - 3 for at in range(3) if self.reverse[at]))

    def place(self, place: Place, sizes: Sequence[int]) -> Place:
        """Return a place (z, y, x) in the body as one in the slices.

        Args:
            place: without steps, its ends stated.
            sizes: (n, H, W) of the whole volume.
        """
        parts = [place[2 - axis] for axis in self.axes]
        slices, rows, columns = (
            slice(size - part.stop, size - part.start) if reverse else part
            for part, size, reverse in zip(parts, sizes, self.reverse, strict=True)
        )
        return slices, rows, columns


BODY_CUTS: Mapping[BodyView, Cut] = {
    "sagittal": Cut((_X, _Z, _Y)),
    "coronal": Cut((_Y, _Z, _X)),
    "axial": Cut((_Z, _Y, _X)),
}
"""Slices count to the right, to the front or to the head, and so do rows and columns."""


def cut_of(view: View, grid: Grid) -> Cut:
    """Return how a view cuts a volume.

    ``acquired`` slices are those of the file: they count along `acquired_axis`, their rows along
    the later one of its other two axes and their columns along the earlier one, all in the file's
    own directions.
    """
    if view != "acquired":
        return BODY_CUTS[view]
    across = acquired_axis(grid.affine)
    first, second = (axis for axis in range(3) if axis != across)
    (slices, back), (rows, up), (columns, left) = (
        grid.directions[axis] for axis in (across, second, first)
    )
    return Cut((slices, rows, columns), (back, up, left))
