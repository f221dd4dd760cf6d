"""How cars, trucks, buses and trams are built from faces.

Every function draws one thing whose nearest part lies at `z` and whose middle stands at `x`, both
in metres. The colours of classes overlap on purpose: only shape, size and place are certain.
"""

import numpy as np
from numpy.random import Generator

from ssl_seg.phantoms.face import Face, across, along, box, draw_tint, faces, level


def _shadow(x0: float, x1: float, z0: float, z1: float) -> list[Face]:
    """Darken the road below a vehicle; it stays road."""
    ground = level(x0 - 0.2, x1 + 0.2, 0.01, z0 - 0.2, z1)
    return faces("road", "shadow", [ground], (0.5, 0.5, 0.5))


def _side(x0: float, x1: float) -> float:
    """Return the x of the side that can be seen from the street's axis."""
    return x0 if x0 + x1 > 0 else x1


def _wheels(kind: str, x0: float, x1: float, z0: float, z1: float, radius: float) -> list[Face]:
    """Draw the tyres that show at the front and along the visible side."""
    side, width, tint = _side(x0, x1), 0.25, (0.5, 0.5, 0.5)
    inset = 0.15 * (z1 - z0)
    ends = [across(x0, x0 + width, 0, radius, z0), across(x1 - width, x1, 0, radius, z0)]
    sides = [
        along(side, 0, 2 * radius, middle - radius, middle + radius)
        for middle in (z0 + inset, z1 - inset)
    ]
    return faces(kind, "tyre", [*ends, *sides], tint)


def lamps(kind: str, x0: float, x1: float, y: float, z: float, *, oncoming: bool) -> list[Face]:
    """Draw head lamps on oncoming vehicles and tail lamps on the others."""
    material = "head lamp" if oncoming else "tail lamp"
    parts = [across(x0 + 0.1, x0 + 0.4, y, y + 0.2, z), across(x1 - 0.4, x1 - 0.1, y, y + 0.2, z)]
    return faces(kind, material, parts, (0.5, 0.5, 0.5))


def car(rng: Generator, x: float, z: float) -> list[Face]:
    """Draw a car: a low body and a narrower cabin with windows all round."""
    tint, oncoming = draw_tint(rng), bool(x < 0)
    length, roof = rng.uniform(3.6, 4.6), rng.uniform(1.4, 1.75)
    x0, x1, z1 = x - 0.9, x + 0.9, z + length
    cabin = (x0 + 0.12, x1 - 0.12, 0.9, roof, z + 0.5, z1 - 0.5)
    glass = [
        along(_side(x0 + 0.12, x1 - 0.12), 0.95, roof - 0.12, z + 0.8, z1 - 0.8),
        across(x0 + 0.25, x1 - 0.25, 0.95, roof - 0.12, z + 0.5),
    ]
    return [
        *_shadow(x0, x1, z, z1),
        *faces("car", "car paint", box(*cabin), tint),
        *faces("car", "glass", glass, tint),
        *faces("car", "car paint", box(x0, x1, 0.25, 0.92, z, z1), tint),
        *_wheels("car", x0, x1, z, z1, 0.33),
        *lamps("car", x0, x1, 0.62, z, oncoming=oncoming),
    ]


def truck(rng: Generator, x: float, z: float) -> list[Face]:
    """Draw a truck: a high closed box on a dark chassis, with the cab at its front end."""
    tint, cab_tint, oncoming = draw_tint(rng), draw_tint(rng), bool(x < 0)
    length, top = rng.uniform(6.0, 8.5), rng.uniform(2.9, 3.7)
    x0, x1, z1 = x - 1.2, x + 1.2, z + length
    cab, cargo = ((z, z + 1.9), (z + 2.1, z1)) if oncoming else ((z1 - 1.9, z1), (z, z1 - 2.1))
    cab_faces = [
        *faces("truck", "car paint", box(x0, x1, 0.5, 0.82 * top, *cab), cab_tint),
        *faces("truck", "glass", [along(_side(x0, x1), 1.6, 2.3, cab[0] + 0.4, cab[1])], tint),
    ]
    if oncoming:
        cab_faces += faces("truck", "glass", [across(x0 + 0.2, x1 - 0.2, 1.5, 2.3, z)], tint)
    cargo_faces = faces("truck", "truck canvas", box(x0, x1, 0.95, top, *cargo), tint)
    chassis = faces("truck", "tyre", box(x0 + 0.1, x1 - 0.1, 0.45, 0.97, z, z1), tint)
    body = [*cargo_faces, *cab_faces] if oncoming else [*cab_faces, *cargo_faces]
    return [
        *_shadow(x0, x1, z, z1),
        *chassis,
        *body,
        *_wheels("truck", x0, x1, z, z1, 0.5),
        *lamps("truck", x0, x1, 0.65, z, oncoming=oncoming),
    ]


def bus(rng: Generator, x: float, z: float) -> list[Face]:
    """Draw a bus: one long low body, a large window in front, single ones along the side."""
    tint, oncoming = draw_tint(rng), bool(x < 0)
    length, top = rng.uniform(9.0, 12.0), rng.uniform(2.9, 3.3)
    x0, x1, z1 = x - 1.25, x + 1.25, z + length
    side = _side(x0, x1)
    starts = np.arange(z + 0.5, z1 - 1.2, 1.6)
    windows = np.concatenate([along(side, 1.3, top - 0.55, start, start + 1.3) for start in starts])
    return [
        *_shadow(x0, x1, z, z1),
        *faces("bus", "bus paint", box(x0, x1, 0.3, top, z, z1), tint),
        *faces("bus", "glass", [windows, across(x0 + 0.15, x1 - 0.15, 1.2, top - 0.5, z)], tint),
        *faces("bus", "display", [across(x0 + 0.4, x1 - 0.4, top - 0.4, top - 0.12, z)], tint),
        *_wheels("bus", x0, x1, z, z1, 0.48),
        *lamps("bus", x0, x1, 0.6, z, oncoming=oncoming),
    ]


def train(rng: Generator, x: float, z: float) -> list[Face]:
    """Draw a tram on its rails: very long, a band of windows, a second colour below it."""
    tint, stripe, oncoming = draw_tint(rng), draw_tint(rng), bool(x < 0)
    length, top = rng.uniform(22.0, 34.0), rng.uniform(3.3, 3.8)
    x0, x1, z1 = x - 1.25, x + 1.25, z + length
    side = _side(x0, x1)
    band = [along(side, 0.4, 1.25, z, z1), across(x0, x1, 0.4, 1.25, z)]
    rails = [level(x + dx - 0.06, x + dx + 0.06, 0.01, 1.0, 100.0) for dx in (-0.7, 0.7)]
    return [
        *faces("road", "rail", rails, tint),
        *faces("train", "tram paint", box(x0, x1, 0.15, top, z, z1), tint),
        *faces("train", "tram paint", band, stripe),
        *faces("train", "glass", [along(side, 1.6, top - 0.7, z + 0.4, z1)], tint),
        *faces("train", "glass", [across(x0 + 0.3, x1 - 0.3, 1.4, top - 0.6, z)], tint),
        *lamps("train", x0 + 0.3, x1 - 0.3, 0.75, z, oncoming=oncoming),
    ]
