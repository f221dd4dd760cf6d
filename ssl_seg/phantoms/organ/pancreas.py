"""The small organ: a pancreas, with the duodenum, the vein and the artery that lie along it."""

from collections.abc import Iterator
from typing import Final

from numpy.random import Generator

from ssl_seg.phantoms.organ.part import Part, near
from ssl_seg.phantoms.organ.shapes import Ellipsoid, Point, tube

PANCREAS: Final = "pancreas"
LESION: Final = "lesion"

_COURSE: Final[tuple[tuple[Point, float], ...]] = (
    ((-13.0, 2.0, -10.0), 5.4),
    ((-12.0, 0.0, -2.0), 8.0),
    ((-3.0, -5.0, 1.0), 4.6),
    ((7.0, -4.0, 4.0), 5.4),
    ((17.0, 0.0, 6.0), 5.6),
    ((26.0, 6.0, 8.0), 4.2),
)
"""Points from head to tail, with the radius there."""


def draw_pancreas(rng: Generator, *, has_lesion: bool) -> Iterator[Part]:
    """Draw the organ and its neighbours.

    Args:
        rng: Source of all its randomness.
        has_lesion: Whether a mass grows in it.
    """
    x, y, z = near(rng, (0.0, 0.0, 0.0), 3.0)
    tilt, thickness = rng.uniform(-0.2, 0.25), rng.uniform(0.9, 1.15)
    path = [
        near(rng, (at[0] + x, at[1] + y, at[2] + 0.7 * z + tilt * (at[0] + 3.0)), 1.8)
        for at, _ in _COURSE
    ]
    radii = [thickness * radius * rng.uniform(0.85, 1.15) for _, radius in _COURSE]
    yield from _duodenum(rng, path)
    yield from _vessels(rng, path, radii)
    yield Part(tissue=PANCREAS, shapes=tube(path, radii), shift_hu=rng.uniform(-10, 10))
    if has_lesion:
        place = int(rng.integers(1, len(path)))
        size = rng.uniform(3.5, 5.5)
        mass = Ellipsoid(near(rng, path[place], 1.5), (size, size, size))
        yield Part(tissue=LESION, shapes=[mass], shift_hu=rng.uniform(-15, 10))


def _duodenum(rng: Generator, path: list[Point]) -> Iterator[Part]:
    """Lay the duodenum around the head."""
    x, y, z = path[1]
    turns = ((5, -9, 9), (-7, -4, 8), (-9, 2, -6), (-3, 4, -15), (14, 5, -16), (24, 0, -12))
    bowel = [near(rng, (x + a, y + b, z + c), 1.2) for a, b, c in turns]
    radii = [rng.uniform(2.8, 3.8) for _ in bowel]
    yield Part(tissue="bowel", shapes=tube(bowel, radii), shift_hu=rng.uniform(-20, 15))
    if rng.random() < 0.5:
        lumen = [0.5 * radius for radius in radii]
        yield Part(tissue="water", shapes=tube(bowel, lumen), shift_hu=rng.uniform(10, 60))


def _vessels(rng: Generator, path: list[Point], radii: list[float]) -> Iterator[Part]:
    """Lay the splenic vein behind body and tail, and what crosses behind the neck."""
    behind = [
        near(rng, (x, y + radius + 0.6, z + 0.5), 0.6)
        for (x, y, z), radius in zip(path[2:], radii[2:], strict=True)
    ]
    yield Part(tissue="vein", shapes=tube(behind, [1.8] * len(behind)))
    x, y, z = behind[0]
    for tissue, side in (("vein", 0.0), ("artery", 5.0)):
        course = [(x + side, y - 1.0, z - 45.0), (x + side, y, z), (x - 5.0, y - 1.0, z + 14.0)]
        yield Part(tissue=tissue, shapes=tube(course, (2.2, 2.2, 2.0)))
