"""One thing in a body, and how random ones are placed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from numpy.random import Generator

from ssl_seg.phantoms.organ.shapes import Point, Shape


@final
@dataclass(frozen=True, kw_only=True)
class Part:
    """What lies within some solids.

    Attributes:
        tissue: What it consists of.
        shapes: The solids; it is all that lies in any of them.
        shift_hu: By how much it is denser than its tissue usually is, in Hounsfield units.
    """

    tissue: str
    shapes: Sequence[Shape]
    shift_hu: float = 0.0


def near(rng: Generator, point: Point, within_mm: float) -> Point:
    """Draw a point not farther from another one than this along any axis."""
    x, y, z = (float(value) + rng.uniform(-within_mm, within_mm) for value in point)
    return x, y, z


def vary(rng: Generator, point: Point, share: float) -> Point:
    """Draw lengths that each differ from the given ones by at most this share."""
    x, y, z = (float(value) * rng.uniform(1 - share, 1 + share) for value in point)
    return x, y, z
