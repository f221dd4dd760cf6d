"""Colours for label spaces that come without any."""

from __future__ import annotations

_BITS = 8


def generated_palette(count: int) -> tuple[tuple[int, int, int], ...]:
    """Return distinct colours, the first ones far apart, for up to 255 classes; none is black.

    The bits of a class's number are dealt out to red, green and blue in turn, beginning with each
    colour's highest bit, as PASCAL VOC does; numbers count from 1 because 0 would be black.
    """
    return tuple(_colour(number) for number in range(1, count + 1))


def background_palette(count: int) -> tuple[tuple[int, int, int], ...]:
    """Do the same for spaces whose first class is the background, which is black."""
    return ((0, 0, 0), *generated_palette(count - 1))


def _colour(number: int) -> tuple[int, int, int]:
    channels = [0, 0, 0]
    for bit in range(_BITS):
        if number >> bit & 1:
            channels[bit % 3] |= 1 << (_BITS - 1 - bit // 3)
    red, green, blue = channels
    return red, green, blue
