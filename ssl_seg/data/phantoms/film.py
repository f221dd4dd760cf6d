"""The frames of a made-up data set, before they are written in any layout."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ssl_seg.data.phantoms.look import LOOKS, draw_city, draw_weather, paint
from ssl_seg.data.phantoms.scene import draw_scene
from ssl_seg.data.phantoms.world import draw_world

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
            raise ValueError(f"no look is named {self.look!r}; known: {sorted(LOOKS)}")
        lowest = {"train": 1, "val": 1, "frames": 1, "seed": 0}
        for name, low in lowest.items():
            if getattr(self, name) < low:
                raise ValueError(f"{name} must be at least {low}, got {getattr(self, name)}")
        if min(self.size) < 32:
            raise ValueError(f"size must be at least 32 by 32 pixels, got {self.size}")


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


def shoot(film: Film, split: str, ids: dict[str, int]) -> Iterator[Frame]:
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
    film: Film, split: str, ids: dict[str, int], sequence: int, frames: int
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
