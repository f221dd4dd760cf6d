"""The polygons of which everything in a street is made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Tint = tuple[float, float, float]
"""How one thing differs from others of its material: three numbers in [0, 1)."""

_CORNERS_OF_A_DISC: Final = 12
_ANGLES: Final = np.arange(_CORNERS_OF_A_DISC) * (2 * np.pi / _CORNERS_OF_A_DISC)
_UNIT_DISC: Final = np.stack([np.cos(_ANGLES), np.sin(_ANGLES), np.zeros_like(_ANGLES)], axis=-1)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Face:
    """Flat polygons that share a kind, a material and a tint.

    Attributes:
        kind: What it is, for the label: finer than Cityscapes' classes (`lane marking`).
        material: What it is made of, for the paint.
        corners: `(P, N, 3)`, P polygons of N corners in metres, in the axes of `camera`. They may
            not overlap in the frame: pixels covered twice would count as outside.
        tint: Appearance of this instance.
    """

    kind: str
    material: str
    corners: NDArray[np.float64]
    tint: Tint


def draw_tint(rng: Generator) -> Tint:
    """Draw the appearance of one instance."""
    red, green, blue = rng.random(3)
    return float(red), float(green), float(blue)


def faces(kind: str, material: str, parts: list[NDArray[np.float64]], tint: Tint) -> list[Face]:
    """Make a face of every part, all of the same kind, material and tint."""
    return [Face(kind=kind, material=material, corners=part, tint=tint) for part in parts]


def across(x0: float, x1: float, y0: float, y1: float, z: float) -> NDArray[np.float64]:
    """Return the `(1, 4, 3)` upright rectangle that faces the camera."""
    return np.array([[[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]]])


def along(x: float, y0: float, y1: float, z0: float, z1: float) -> NDArray[np.float64]:
    """Return the `(1, 4, 3)` upright rectangle along the street."""
    return np.array([[[x, y0, z0], [x, y0, z1], [x, y1, z1], [x, y1, z0]]])


def level(x0: float, x1: float, y: float, z0: float, z1: float) -> NDArray[np.float64]:
    """Return the `(1, 4, 3)` rectangle parallel to the ground."""
    return np.array([[[x0, y, z0], [x1, y, z0], [x1, y, z1], [x0, y, z1]]])


def disc(x: float, y: float, z: float, radius: float) -> NDArray[np.float64]:
    """Return the `(1, 12, 3)` upright disc that faces the camera."""
    return (np.array([x, y, z]) + radius * _UNIT_DISC)[None]


def box(
    x0: float, x1: float, y0: float, y1: float, z0: float, z1: float
) -> list[NDArray[np.float64]]:
    """Return what can be seen of a box, in painting order.

    These are its top, the side that faces the street's axis, and its front, each `(1, 4, 3)`.
    """
    inner = x0 if x0 + x1 > 0 else x1
    return [level(x0, x1, y1, z0, z1), along(inner, y0, y1, z0, z1), across(x0, x1, y0, y1, z0)]


Shape = Callable[[Generator, float, float], list[Face]]
"""Draws one thing, given where its middle stands (x) and where it begins (z), in metres."""
