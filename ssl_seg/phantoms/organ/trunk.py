"""The trunk: skin, fat, muscles and bones."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, final

from numpy.random import Generator

from ssl_seg.phantoms.organ.part import Part, vary
from ssl_seg.phantoms.organ.shapes import ENDLESS, Cone, Ellipsoid, Shape

_VERTEBRA_MM: Final = 12.0
"""Height of a vertebra with its disc."""


@final
@dataclass(frozen=True, kw_only=True)
class Trunk:
    """A trunk whose belly holds nothing but fat.

    Attributes:
        parts: In painting order.
        belly: The room within its wall.
    """

    parts: tuple[Part, ...]
    belly: Shape


def draw_trunk(rng: Generator) -> Trunk:
    """Draw a trunk, thin or fat."""
    fat_mm, wall_mm = rng.uniform(3.0, 7.0), rng.uniform(2.5, 4.0)
    x, y, z = vary(rng, (49.0, 33.0, ENDLESS), 0.04)
    layers = (("skin", fat_mm + 1), ("fat", fat_mm), ("muscle", 0.0))
    belly = Ellipsoid((0.0, -1.0, 0.0), (x - wall_mm, y - wall_mm - 1.0, z))
    parts = (
        *(
            Part(tissue=tissue, shapes=[Ellipsoid((0.0, 0.0, 0.0), (x + beyond, y + beyond, z))])
            for tissue, beyond in layers
        ),
        Part(tissue="fat", shapes=[belly], shift_hu=rng.uniform(0.0, 15.0)),
        *_ribs(rng, x - 0.5 * wall_mm, y - 0.5 * wall_mm),
        *_back(rng),
        *_spine(rng),
    )
    return Trunk(parts=parts, belly=belly)


def _ribs(rng: Generator, x: float, y: float) -> Iterator[Part]:
    """Lay ribs into the wall: each falls from the back to the side."""
    for height in range(-36, 48, 12):
        rise = height + rng.uniform(-2.0, 2.0)
        for side in (-1, 1):
            knots = [(0.45, 0.88, rise + 6), (0.80, 0.58, rise), (0.98, 0.12, rise - 6)]
            path = [(side * u * x, v * y, level) for u, v, level in knots]
            rib = [Cone(start=start, end=end, radii=(1.8, 1.8)) for start, end in pairwise(path)]
            yield Part(tissue="cortical bone", shapes=rib)


def _back(rng: Generator) -> Iterator[Part]:
    """Lay the long muscles behind and beside the spine."""
    for side in (-1, 1):
        behind = Ellipsoid((side * 12.0, 27.0, 0.0), vary(rng, (10.0, 6.0, ENDLESS), 0.1))
        beside = Ellipsoid((side * 11.5, 17.0, -22.0), vary(rng, (4.5, 6.0, 26.0), 0.1))
        yield Part(tissue="muscle", shapes=[behind, beside], shift_hu=rng.uniform(-8, 4))


def _spine(rng: Generator) -> Iterator[Part]:
    """Stack vertebrae and discs, and lay the spinal canal behind them."""
    offset, size = rng.uniform(0.0, _VERTEBRA_MM), vary(rng, (8.0, 6.5, ENDLESS), 0.08)
    yield Part(tissue="disc", shapes=[Ellipsoid((0.0, 18.0, 0.0), size)])
    for number in range(-5, 6):
        level = number * _VERTEBRA_MM + offset
        for tissue, rim in (("cortical bone", 0.0), ("spongy bone", 1.2)):
            half = (size[0] - rim, size[1] - rim, 0.5 * _VERTEBRA_MM - 0.6 - 0.5 * rim)
            yield Part(tissue=tissue, shapes=[Ellipsoid((0.0, 18.0, level), half)])
        arch = Cone(start=(0.0, 28.0, level), end=(0.0, 33.0, level - 3.0), radii=(2.2, 1.4))
        yield Part(tissue="cortical bone", shapes=[arch])
    ring = Ellipsoid((0.0, 25.5, 0.0), (5.0, 3.8, ENDLESS))
    canal = Ellipsoid((0.0, 25.5, 0.0), (3.2, 2.4, ENDLESS))
    yield Part(tissue="spongy bone", shapes=[ring])
    yield Part(tissue="nerve", shapes=[canal])
