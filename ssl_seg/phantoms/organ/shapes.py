"""Solids of which a body is built: ellipsoids and tubes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol, final

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float, float]
Positions = NDArray[np.float32]

ENDLESS: Final = float("inf")
"""Half axis of an ellipsoid that is a column: it has neither top nor bottom."""


class Shape(Protocol):
    """A solid."""

    def bounds(self) -> tuple[Point, Point]:
        """Return the lowest and the highest corner of a box around it, in mm."""

    def holds(self, x: Positions, y: Positions, z: Positions) -> NDArray[np.bool_]:
        """Tell which points, given by arrays that broadcast, lie inside."""


@final
@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid along the axes.

    Attributes:
        centre: In mm.
        half: Half axes in mm; may be `ENDLESS`.
    """

    centre: Point
    half: Point

    def bounds(self) -> tuple[Point, Point]:
        """Return the corners of the box around it."""
        (x, y, z), (a, b, c) = self.centre, self.half
        return (x - a, y - b, z - c), (x + a, y + b, z + c)

    def holds(self, x: Positions, y: Positions, z: Positions) -> NDArray[np.bool_]:
        """Tell which points lie inside."""
        squares = [
            ((position - np.float32(middle)) / np.float32(half)) ** 2
            for position, middle, half in zip((x, y, z), self.centre, self.half, strict=True)
        ]
        return squares[0] + squares[1] + squares[2] < 1


@final
@dataclass(frozen=True)
class Cone:
    """A round piece of a tube: all points nearer to a line than its radius there.

    Attributes:
        start: One end of the line, in mm.
        end: The other end; not the same point.
        radii: Radius in mm at the one and at the other end, which are round.
    """

    start: Point
    end: Point
    radii: tuple[float, float]

    def bounds(self) -> tuple[Point, Point]:
        """Return the corners of the box around it."""
        radius = max(self.radii)
        low = [min(pair) - radius for pair in zip(self.start, self.end, strict=True)]
        high = [max(pair) + radius for pair in zip(self.start, self.end, strict=True)]
        return (low[0], low[1], low[2]), (high[0], high[1], high[2])

    def holds(self, x: Positions, y: Positions, z: Positions) -> NDArray[np.bool_]:
        """Tell which points lie inside."""
        way = [np.float32(b - a) for a, b in zip(self.start, self.end, strict=True)]
        off = [
            position - np.float32(start)
            for position, start in zip((x, y, z), self.start, strict=True)
        ]
        length2 = way[0] * way[0] + way[1] * way[1] + way[2] * way[2]
        share = (off[0] * way[0] + off[1] * way[1] + off[2] * way[2]) / length2
        share = share.clip(0, 1)
        away = [distance - share * step for distance, step in zip(off, way, strict=True)]
        first, last = (np.float32(radius) for radius in self.radii)
        radius = first + share * (last - first)
        return away[0] ** 2 + away[1] ** 2 + away[2] ** 2 < radius * radius


def tube(points: Sequence[Point], radii: Sequence[float]) -> tuple[Cone, ...]:
    """Return a tube along a smooth curve.

    Args:
        points: At least two; the curve starts at the first, ends at the last, and rounds off the
            corners at those between.
        radii: Its radius in mm at every point.
    """
    path = np.column_stack([points, radii])
    for _ in range(2):
        path = _cut_corners(path)
    knots = [(float(x), float(y), float(z), float(radius)) for x, y, z, radius in path]
    return tuple(
        Cone(start=before[:3], end=after[:3], radii=(before[3], after[3]))
        for before, after in pairwise(knots)
    )


def _cut_corners(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace every corner by two, a quarter of the way to its neighbours (Chaikin's curve)."""
    near = 0.75 * path[:-1] + 0.25 * path[1:]
    far = 0.25 * path[:-1] + 0.75 * path[1:]
    inner = np.stack([near, far], axis=1).reshape(-1, path.shape[1])[1:-1]
    return np.concatenate([path[:1], inner, path[-1:]])
