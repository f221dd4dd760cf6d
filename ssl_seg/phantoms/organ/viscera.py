"""The large organs, and the vessels and bowels that look like the small one beside them."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from numpy.random import Generator

from ssl_seg.phantoms.organ.part import Part, near, vary
from ssl_seg.phantoms.organ.shapes import Ellipsoid, Point, tube

_LOOPS: Final[tuple[Point, ...]] = (
    (32.0, -12.0, -10.0),
    (24.0, -17.0, -16.0),
    (10.0, -18.0, -13.0),
    (-6.0, -19.0, -15.0),
    (36.0, -4.0, -20.0),
    (-22.0, -17.0, -20.0),
    (16.0, -8.0, -18.0),
    (2.0, -13.0, -22.0),
    (-30.0, -2.0, -22.0),
    (28.0, 2.0, -12.0),
    (18.0, -12.0, -4.0),
    (30.0, -6.0, 0.0),
    (34.0, -2.0, 10.0),
    (22.0, 8.0, -8.0),
)
"""Where loops of the small bowel lie: below, before and beside the organ."""


def draw_viscera(rng: Generator) -> Iterator[Part]:
    """Draw the large organs, the colon, loops of the small bowel, and the great vessels."""
    yield from _large_organs(rng)
    yield from _stomach(rng)
    yield from _colon(rng)
    yield from _loops(rng)
    yield from _great_vessels(rng)
    yield from _nodes(rng)


def _large_organs(rng: Generator) -> Iterator[Part]:
    """Draw liver, gall bladder, spleen and kidneys."""
    liver = [
        Ellipsoid(near(rng, (-29.0, -3.0, 14.0), 2.0), vary(rng, (18.0, 22.0, 27.0), 0.1)),
        Ellipsoid(near(rng, (-8.0, -15.0, 21.0), 2.0), vary(rng, (22.0, 10.0, 14.0), 0.1)),
    ]
    yield Part(tissue="liver", shapes=liver, shift_hu=rng.uniform(-15, 10))
    gall = Ellipsoid(near(rng, (-21.0, -16.0, -6.0), 2.0), vary(rng, (4.5, 5.5, 7.0), 0.2))
    yield Part(tissue="water", shapes=[gall], shift_hu=rng.uniform(0, 15))
    spleen = Ellipsoid(near(rng, (36.0, 12.0, 15.0), 2.0), vary(rng, (8.0, 13.0, 14.0), 0.15))
    yield Part(tissue="spleen", shapes=[spleen], shift_hu=rng.uniform(-12, 12))
    for side in (-1, 1):
        centre = near(rng, (side * 25.0, 16.0, -8.0 + 2.0 * side), 2.0)
        half = vary(rng, (7.5, 7.0, 14.0), 0.1)
        pelvis = (centre[0] - side * 3.0, centre[1] - 1.0, centre[2])
        yield Part(tissue="kidney", shapes=[Ellipsoid(centre, half)], shift_hu=rng.uniform(-15, 15))
        yield Part(tissue="fat", shapes=[Ellipsoid(pelvis, (2.5, 2.0, 6.0))], shift_hu=20)


def _stomach(rng: Generator) -> Iterator[Part]:
    """Draw the stomach: its wall, what it holds, and the air above that."""
    path = [near(rng, point, 2.0) for point in ((24, -4, 24), (22, -16, 14), (4, -21, 6))]
    radii = (rng.uniform(8, 11), rng.uniform(7, 9), rng.uniform(5, 6))
    yield Part(tissue="bowel", shapes=tube(path, radii), shift_hu=rng.uniform(-20, 15))
    inner = [radius - rng.uniform(1.5, 3.0) for radius in radii]
    yield Part(tissue="water", shapes=tube(path, inner), shift_hu=rng.uniform(0, 40))
    x, y, z = path[1]
    air = Ellipsoid((x, y - 0.55 * inner[1], z), (0.6 * inner[1], 0.3 * inner[1], 5.0))
    yield Part(tissue="air", shapes=[air])


def _colon(rng: Generator) -> Iterator[Part]:
    """Draw the colon at both sides and across the front, with lumps of air and stool."""
    corners = ((-38, 6, -40), (-38, 2, -14), (-14, -25, -18), (14, -26, -12), (40, 0, 2))
    path = [near(rng, point, 2.5) for point in (*corners, (40, 8, -40))]
    yield Part(tissue="bowel", shapes=tube(path, [5.0] * len(path)), shift_hu=rng.uniform(-30, 0))
    for first, second in pairwise(path):
        for _ in range(3):
            share = rng.uniform(0.05, 0.95)
            pairs = zip(first, second, strict=True)
            x, y, z = (a + share * (b - a) for a, b in pairs)
            lump = Ellipsoid((x, y, z), vary(rng, (3.0, 2.6, 3.4), 0.3))
            tissue = ("air", "stool")[int(rng.integers(2))]
            yield Part(tissue=tissue, shapes=[lump])


def _loops(rng: Generator) -> Iterator[Part]:
    """Draw loops of the small bowel, as thick and as dense as the organ; a few hold water."""
    for centre in _LOOPS:
        start = near(rng, centre, 4.0)
        path = [start, *(near(rng, start, 11.0) for _ in range(3))]
        radii = [rng.uniform(3.0, 5.0) for _ in path]
        yield Part(tissue="bowel", shapes=tube(path, radii), shift_hu=rng.uniform(-25, 25))
        if rng.random() < 0.35:
            lumen = [0.5 * radius for radius in radii]
            yield Part(tissue="water", shapes=tube(path, lumen), shift_hu=rng.uniform(0, 40))


def _great_vessels(rng: Generator) -> Iterator[Part]:
    """Draw the aorta and the caval vein before the spine."""
    shift = rng.uniform(-15, 15)
    for tissue, x, radius in (("artery", 4.0, 3.2), ("vein", -7.0, 3.8)):
        path = [near(rng, (x, 9.0, z), 1.2) for z in (-60, -20, 20, 60)]
        radii = [radius * rng.uniform(0.9, 1.1)] * len(path)
        yield Part(tissue=tissue, shapes=tube(path, radii), shift_hu=shift)


def _nodes(rng: Generator) -> Iterator[Part]:
    """Strew lymph nodes and small vessels into the fat."""
    for _ in range(10):
        centre = near(rng, (2.0, -6.0, 0.0), 24.0)
        node = Ellipsoid(centre, vary(rng, (2.0, 2.0, 2.5), 0.4))
        yield Part(tissue="bowel", shapes=[node], shift_hu=rng.uniform(-30, 20))
    for _ in range(8):
        start = near(rng, (4.0, -8.0, -4.0), 22.0)
        path = [start, near(rng, start, 8.0), near(rng, start, 14.0)]
        yield Part(tissue="vein", shapes=tube(path, (1.4, 1.2, 0.8)))
