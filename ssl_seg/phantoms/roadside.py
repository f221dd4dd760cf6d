"""How houses, walls, fences, plants, poles and what poles carry are built from faces."""

from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ssl_seg.phantoms.face import Face, across, along, box, disc, draw_tint

_DEPTH_M: Final = 12.0
"""How far a house reaches away from the street."""


def building(rng: Generator, x: float, z0: float, z1: float) -> list[Face]:
    """Draw a house with rows of windows, whose front stands along the street at `x`."""
    tint, floors = draw_tint(rng), int(rng.integers(2, 6))
    storey, material = rng.uniform(2.8, 3.6), ("plaster", "brick")[int(rng.integers(2))]
    top = floors * storey + 0.8
    parts = box(x, x + np.copysign(_DEPTH_M, x), 0, top, z0, z1)
    windows = _windows(rng, x, z0, z1, floors, storey)
    return [
        *(Face(kind="building", material=material, corners=part, tint=tint) for part in parts),
        Face(kind="building", material="window", corners=windows, tint=draw_tint(rng)),
    ]


def _windows(
    rng: Generator, x: float, z0: float, z1: float, floors: int, storey: float
) -> NDArray[np.float64]:
    """Return the `(P, 4, 3)` windows of a front, one row for each floor."""
    step, share = rng.uniform(2.0, 3.5), rng.uniform(0.4, 0.7)
    starts = np.arange(z0 + 0.5, z1 - step * share, step)
    sills = storey * np.arange(floors) + 0.3 * storey
    columns = [(start, start + step * share) for start in starts]
    rows = [(sill, sill + 0.5 * storey) for sill in sills]
    return np.concatenate([along(x, *row, *column) for row in rows for column in columns])


def wall(rng: Generator, x: float, z0: float, z1: float) -> list[Face]:
    """Draw a wall of masonry along the street, low and blind; seldom of brick, as houses are."""
    tint, material = draw_tint(rng), ("concrete", "concrete", "brick")[int(rng.integers(3))]
    parts = box(x, x + np.copysign(0.4, x), 0, rng.uniform(2.0, 3.6), z0, z1)
    return [Face(kind="wall", material=material, corners=part, tint=tint) for part in parts]


def fence(rng: Generator, x: float, z0: float, z1: float) -> list[Face]:
    """Draw a fence along the street: posts and rails before what shows through it."""
    tint, top, step = draw_tint(rng), rng.uniform(2.0, 3.2), rng.uniform(0.7, 1.3)
    posts = [along(x, 0, top, start, start + 0.45 * step) for start in np.arange(z0, z1, step)]
    rails = [along(x, y, y + 0.15, z0, z1) for y in (0.25, top - 0.2)]
    return [
        Face(kind="fence", material="gap", corners=along(x, 0, top, z0, z1), tint=tint),
        Face(kind="fence", material="lath", corners=np.concatenate(posts), tint=tint),
        Face(kind="fence", material="lath", corners=np.concatenate(rails), tint=tint),
    ]


def hedge(rng: Generator, x: float, z0: float, z1: float) -> list[Face]:
    """Draw bushes side by side along the street."""
    away = np.copysign(0.8, x)
    return [
        bush
        for z in np.arange(z1, z0, -1.6)
        for bush in _leaves(rng, x + away, z, rng.uniform(0.5, 1.4), 1.1, 3)
    ]


def tree(rng: Generator, x: float, z: float) -> list[Face]:
    """Draw a tree; trunk and crown are both vegetation."""
    crown, half = rng.uniform(3.2, 5.0), rng.uniform(0.12, 0.25)
    trunk = across(x - half, x + half, 0, crown, z)
    return [
        Face(kind="vegetation", material="bark", corners=trunk, tint=draw_tint(rng)),
        *_leaves(rng, x, z, crown, rng.uniform(1.2, 2.2), 6),
    ]


def _leaves(rng: Generator, x: float, z: float, y: float, radius: float, count: int) -> list[Face]:
    """Draw a cloud of overlapping discs of leaves around a middle."""
    base = draw_tint(rng)
    faces = []
    for _ in range(count):
        dx, dy = rng.uniform(-0.7, 0.7, 2) * radius
        corners = disc(x + dx, y + dy, z, radius * rng.uniform(0.6, 1.0))
        tint = (base[0], base[1], float(rng.random()))
        faces.append(Face(kind="vegetation", material="leaves", corners=corners, tint=tint))
    return faces


def _mast(rng: Generator, x: float, z: float, top: float) -> Face:
    """Draw the pole on which other things hang."""
    half = rng.uniform(0.16, 0.24)
    corners = across(x - half, x + half, 0, top, z)
    return Face(kind="pole", material="metal", corners=corners, tint=draw_tint(rng))


def lamp_post(rng: Generator, x: float, z: float) -> list[Face]:
    """Draw a high pole with an arm over the road."""
    top = rng.uniform(5.5, 8.0)
    mast = _mast(rng, x, z, top)
    arm = across(x - np.copysign(1.8, x), x, top - 0.3, top, z)
    return [mast, Face(kind="pole", material="metal", corners=arm, tint=mast.tint)]


def traffic_light(rng: Generator, x: float, z: float) -> list[Face]:
    """Draw a signal on its pole: a dark case with one lamp of three lit."""
    lit, low = int(rng.integers(3)), rng.uniform(2.3, 3.0)
    case = across(x - 0.38, x + 0.38, low, low + 1.7, z)
    lamp = disc(x, low + 0.3 + 0.55 * lit, z, 0.27)
    colour = ("green lamp", "yellow lamp", "red lamp")[lit]
    return [
        _mast(rng, x, z, low + 1.8),
        Face(kind="traffic light", material="case", corners=case, tint=draw_tint(rng)),
        Face(kind="traffic light", material=colour, corners=lamp, tint=draw_tint(rng)),
    ]


def traffic_sign(rng: Generator, x: float, z: float) -> list[Face]:
    """Draw a sign on its pole: round or square, with or without a white field."""
    tint, middle, radius = draw_tint(rng), rng.uniform(2.2, 3.0), rng.uniform(0.55, 0.8)
    square = across(x - radius, x + radius, middle - radius, middle + radius, z)
    outer = disc(x, middle, z, radius) if rng.random() < 0.6 else square
    faces = [
        _mast(rng, x, z, middle + radius),
        Face(kind="traffic sign", material="sign", corners=outer, tint=tint),
    ]
    if rng.random() < 0.6:
        field = disc(x, middle, z, 0.6 * radius)
        faces.append(Face(kind="traffic sign", material="field", corners=field, tint=tint))
    return faces
