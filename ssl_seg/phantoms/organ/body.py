"""A whole body, as one case shows it."""

from dataclasses import dataclass
from typing import final

from numpy.random import Generator

from ssl_seg.phantoms.organ.pancreas import draw_pancreas
from ssl_seg.phantoms.organ.part import Part, vary
from ssl_seg.phantoms.organ.shapes import Point
from ssl_seg.phantoms.organ.trunk import Trunk, draw_trunk
from ssl_seg.phantoms.organ.viscera import draw_viscera


@final
@dataclass(frozen=True, kw_only=True)
class Body:
    """What lies where.

    Attributes:
        trunk: The trunk, whose belly holds nothing yet.
        organs: What the belly holds, in painting order: what comes later hides what came before.
        scale: By how much the body is larger than drawn, along x, y and z.
    """

    trunk: Trunk
    organs: tuple[Part, ...]
    scale: Point

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts, in painting order."""
        return (*self.trunk.parts, *self.organs)


def draw_body(rng: Generator, *, has_lesion: bool) -> Body:
    """Draw a body.

    Args:
        rng: Source of all its randomness.
        has_lesion: Whether a mass grows in the organ.
    """
    return Body(
        trunk=draw_trunk(rng),
        organs=(*draw_viscera(rng), *draw_pancreas(rng, has_lesion=has_lesion)),
        scale=vary(rng, (1.0, 1.0, 1.0), 0.06),
    )
