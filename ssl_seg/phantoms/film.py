"""The frames of a made-up data set, before they are written in any layout."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ssl_seg.core.errors import UserError
from ssl_seg.phantoms.look import LOOKS, draw_city, draw_weather, paint
from ssl_seg.phantoms.scene import draw_scene
from ssl_seg.phantoms.world import draw_world
from ssl_seg.registry import suggestion

CITIES: Final[dict[str, tuple[str, ...]]] = {
    'train': (
        'ahlfurt', 'brunsee', 'carlsau', 'dornbek', 'eschheim', 'falkmar',
        'gronau', 'hohenlin', 'isarweil', 'jungbach', 'kaltern', 'lindhof',
    ),
    'val': ('merseck', 'nordhall', 'osterau', 'pfalzen', 'quellin', 'rautal'),
}  # fmt: skip
"""The cities of each split; as in Cityscapes no city is in two."""


@final
@dataclass(frozen=True, kw_only=True)
class Film:
    """All that decides what is drawn.

    Attributes:
        look: A name in `LOOKS`.
        train: Number of training frames.
        val: Number of validation frames.
        frames: Number of frames in a sequence; the last one of a split may be shorter.
        size: Width and height in pixels.
        seed: At least 0.

    Raises:
        UserError: If one of them is out of its range.
    """

    look: str
    train: int
    val: int
    frames: int
    size: tuple[int, int]
    seed: int

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if self.look not in LOOKS:
            raise UserError(f"look: no look is named {self.look!r}{suggestion(self.look, LOOKS)}")
        lowest = {"train": 1, "val": 1, "frames": 1, "seed": 0}
        for name, low in lowest.items():
            number = getattr(self, name)
            if not isinstance(number, int) or number < low:
                raise UserError(f"{name}: expected a whole number from {low} on, got {number!r}")
        if not isinstance(self.size, Sequence) or len(self.size) != 2 or min(self.size) < 32:
            raise UserError(
                f"size: expected width and height, each at least 32 pixels, got {self.size!r}"
            )


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """One picture and what is on it.

    Attributes:
        city: Where it was taken.
        sequence: Number of the sequence within its city.
        number: Number of the frame within its sequence.
        picture: `(H, W, 3)`, uint8, RGB.
        labels: `(H, W)`, uint8, in the ids that were asked for.
    """

    city: str
    sequence: int
    number: int
    picture: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    @property
    def key(self) -> str:
        """The frame's name, `{city}_{sequence:06}_{number:06}`; no other one of a film has it."""
        return f"{self.city}_{self.sequence:06}_{self.number:06}"


def shoot(film: Film, split: str, ids: Mapping[str, int]) -> Iterator[Frame]:
    """Draw the frames of a split, one after another.

    Args:
        film: The settings.
        split: `train` or `val`.
        ids: The id of every kind of thing; an id may stand for several kinds.
    """
    count = {"train": film.train, "val": film.val}[split]
    for sequence, start in enumerate(range(0, count, film.frames)):
        yield from _sequence(film, split, ids, sequence, min(film.frames, count - start))


def _sequence(
    film: Film, split: str, ids: Mapping[str, int], sequence: int, frames: int
) -> Iterator[Frame]:
    """Draw one sequence: the camera drives along one street."""
    look, (width, height) = LOOKS[film.look], film.size
    within, place = divmod(sequence, len(CITIES[split]))
    name = CITIES[split][place]
    city = draw_city(_generator(film, name), look)
    rng = _generator(film, split, sequence)
    weather, world = draw_weather(rng, look), draw_world(rng, sequence)
    for number in range(frames):
        # At twice the size the picture's edges come out smooth; labels take one pixel of four.
        scene = draw_scene(world, weather.camera, (2 * width, 2 * height), number)
        yield Frame(
            city=name,
            sequence=within,
            number=number,
            picture=paint(scene, look, city, weather, _generator(film, split, sequence, number)),
            labels=scene.labels(ids)[1::2, 1::2],
        )


def _generator(film: Film, *key: str | int) -> Generator:
    """Return the source of randomness for one part of a film.

    It depends on nothing but the part's own name: more frames do not change those before.
    """
    words = (film.look, *key)
    numbers = [zlib.crc32(word.encode()) if isinstance(word, str) else word for word in words]
    return np.random.default_rng([film.seed, *numbers])
