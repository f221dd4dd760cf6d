"""One street: what stands where, drawn once for all frames of a sequence."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, final

import numpy as np
from numpy.random import Generator

from ssl_seg.phantoms import people, roadside, vehicles
from ssl_seg.phantoms.face import Face, Shape, across, draw_tint, level

_END_M: Final = 100.0
_GROUND_CUTS_M: Final = (0.5, 5.0, 8.0, 13.0, 22.0, 40.0, _END_M)
"""The ground is cut into strips so that haze can grow with distance."""

_RARE: Final[tuple[tuple[Shape, float], ...]] = (
    (vehicles.truck, 8.0),
    (vehicles.bus, 8.0),
    (vehicles.train, 8.0),
    (people.motorcyclist, 5.0),
    (people.bicyclist, 5.0),
)
"""All traffic but cars, each with the distance in metres at which it is seen best."""


@final
@dataclass(frozen=True, kw_only=True)
class Thing:
    """Faces that move together.

    Attributes:
        faces: In painting order, as they stand in frame 0.
        z_m: Distance of the nearest part in frame 0.
        drift_m: Own movement along z from frame to frame, away from the camera.
    """

    faces: tuple[Face, ...]
    z_m: float
    drift_m: float = 0.0


@final
@dataclass(frozen=True, kw_only=True)
class World:
    """A street as the camera of frame 0 sees it.

    Attributes:
        ground: What lies flat, in painting order.
        borders: What closes the street at its sides and its end, in painting order.
        things: What stands or moves between the borders, in any order.
    """

    ground: tuple[Face, ...]
    borders: tuple[Face, ...]
    things: tuple[Thing, ...]


@final
@dataclass(frozen=True, kw_only=True)
class _Section:
    """The street's cross section, in metres to either side of the camera.

    Attributes:
        left: Edge of the road at the left, negative.
        right: Edge of the road at the right.
        walk: Width of each sidewalk.
        verge: Width of the green strip between sidewalk and border; 0 without one.
    """

    left: float
    right: float
    walk: float
    verge: float

    def edge(self, side: int) -> float:
        """Return the x of the road's edge; `side` is -1 (left) or 1."""
        return self.left if side < 0 else self.right

    def border(self, side: int) -> float:
        """Return the x of the border; `side` is -1 (left) or 1."""
        return self.edge(side) + side * (self.walk + self.verge)


def draw_world(rng: Generator, sequence: int) -> World:
    """Draw a street.

    Args:
        rng: Source of all its randomness.
        sequence: Number of the sequence; streets take turns in what rare vehicle is sure to be
            near, so that a few streets already hold every class.
    """
    section = _Section(
        left=-rng.uniform(4.0, 6.5),
        right=rng.uniform(2.0, 4.0),
        walk=rng.uniform(2.5, 4.5),
        verge=rng.uniform(2.0, 5.0) * (rng.random() < 0.5),
    )
    borders = [*_skyline(rng), *_border(rng, section, -1), *_border(rng, section, 1)]
    things = [
        *_traffic(rng, section, sequence),
        *_furniture(rng, section),
        *_walkers(rng, section),
    ]
    return World(ground=tuple(_ground(rng, section)), borders=tuple(borders), things=tuple(things))


def _ground(rng: Generator, section: _Section) -> Iterator[Face]:
    """Lay terrain, sidewalks, road and lane markings."""
    terrain, walk, road, plain = (draw_tint(rng) for _ in range(4))
    side_walks = [
        (section.edge(side), section.edge(side) + side * section.walk) for side in (-1, 1)
    ]
    for near, far in pairwise(_GROUND_CUTS_M):
        lawn = level(-60, 60, 0, near, far)
        yield Face(kind="terrain", material="grass", corners=lawn, tint=terrain)
        for inner, outer in side_walks:
            paving = level(inner, outer, 0.0, near, far)
            yield Face(kind="sidewalk", material="paving", corners=paving, tint=walk)
            curb = level(inner, inner + np.copysign(0.25, inner), 0.0, near, far)
            yield Face(kind="curb", material="curb", corners=curb, tint=walk)
        asphalt = level(section.left, section.right, 0.0, near, far)
        yield Face(kind="road", material="asphalt", corners=asphalt, tint=road)
    middle = 0.5 * (section.left + section.right)
    dashes = [
        level(middle - 0.1, middle + 0.1, 0.0, start, start + 3.0)
        for start in np.arange(rng.uniform(1, 6), 60.0, 6.0)
    ]
    yield Face(kind="lane marking", material="marking", corners=np.concatenate(dashes), tint=plain)


def _skyline(rng: Generator) -> Iterator[Face]:
    """Close the street's far end with houses and trees."""
    x = -90.0
    while x < 90.0:
        width, height = rng.uniform(8, 25), rng.uniform(5, 22)
        corners = across(x, x + width, 0, height, _END_M)
        kind, material = ("vegetation", "leaves") if rng.random() < 0.4 else ("building", "plaster")
        yield Face(kind=kind, material=material, corners=corners, tint=draw_tint(rng))
        x += width


def _border(rng: Generator, section: _Section, side: int) -> Iterator[Face]:
    """Line one side of the street, from its far end to behind the camera."""
    x, far = section.border(side), _END_M - 1.0
    while far > -20.0:
        near = far - rng.uniform(7.0, 20.0)
        choice = rng.random()
        if choice < 0.38:
            yield from roadside.building(rng, x, near, far)
        else:
            yield from _backdrop(rng, x, near, far)
            if choice < 0.58:
                yield from roadside.wall(rng, x, near, far)
            elif choice < 0.82:
                yield from roadside.fence(rng, x, near, far)
            elif choice < 0.93:
                yield from roadside.hedge(rng, x, near, far)
        far = near


def _backdrop(rng: Generator, x: float, near: float, far: float) -> Iterator[Face]:
    """Put a few trees, seldom a house, behind the border."""
    if rng.random() < 0.25:
        yield from roadside.building(rng, x + np.copysign(12.0, x), near, far)
    for z in np.arange(far, near, -rng.uniform(3.0, 9.0)):
        if rng.random() < 0.6:
            away = np.copysign(rng.uniform(3.0, 7.0), x)
            yield from roadside.tree(rng, x + away, z)


def _place(rng: Generator, shape: Shape, x: float, z: float, drift: float = 0.0) -> Thing:
    """Stand a thing on the ground."""
    return Thing(faces=tuple(shape(rng, x, z)), z_m=z, drift_m=drift)


def _traffic(rng: Generator, section: _Section, sequence: int) -> Iterator[Thing]:
    """Fill the lanes, the parking rows and one place near the camera with vehicles."""
    lanes = (0.5 * section.left - 0.3, 0.5 * section.right - 0.3)
    for lane, drift in zip(lanes, (-1.5, 1.0), strict=True):
        z = rng.uniform(14.0, 30.0)
        while z < 55.0:
            is_rare = rng.random() < 0.5
            shape = _RARE[int(rng.integers(len(_RARE)))][0] if is_rare else vehicles.car
            yield _place(rng, shape, lane, z, drift)
            z += rng.uniform(12.0, 35.0) + 25.0 * (shape is vehicles.train)
    yield _featured(rng, lanes, sequence)
    for side in (-1, 1):
        if rng.random() < 0.45:
            x = section.edge(side) - side * 1.0
            for z in np.arange(rng.uniform(5.0, 10.0), 60.0, rng.uniform(5.5, 9.0)):
                if rng.random() < 0.6:
                    yield _place(rng, vehicles.car, x, z)


def _featured(rng: Generator, lanes: tuple[float, float], sequence: int) -> Thing:
    """Put the rare vehicle whose turn it is where it is well seen."""
    shape, well_seen = _RARE[sequence % len(_RARE)]
    lane = lanes[0] if rng.random() < 0.6 else lanes[1] + 0.8
    return _place(rng, shape, lane, well_seen * rng.uniform(1.0, 1.6), 1.5)


def _furniture(rng: Generator, section: _Section) -> Iterator[Thing]:
    """Put poles, signals, signs, trees and parked two-wheelers along the curb."""
    shapes: tuple[Shape, ...] = (
        roadside.lamp_post,
        roadside.traffic_light,
        roadside.traffic_light,
        roadside.traffic_sign,
        roadside.traffic_sign,
        roadside.tree,
        people.bicycle,
        people.bicycle,
        people.motorcycle,
    )
    for side in (-1, 1):
        z = rng.uniform(4.0, 9.0)
        while z < 45.0:
            x = section.edge(side) + side * rng.uniform(0.3, 0.8)
            yield _place(rng, shapes[int(rng.integers(len(shapes)))], x, z)
            z += rng.uniform(5.0, 11.0)


def _walkers(rng: Generator, section: _Section) -> Iterator[Thing]:
    """Let people walk on the sidewalks, and seldom on the road."""
    for _ in range(int(rng.integers(2, 6))):
        side = 1 if rng.random() < 0.5 else -1
        inside = section.walk * rng.uniform(0.2, 0.95)
        x = section.edge(side) + side * inside - side * 2.0 * (rng.random() < 0.1)
        yield _place(rng, people.person, x, rng.uniform(6.0, 22.0), rng.uniform(-0.3, 0.3))
