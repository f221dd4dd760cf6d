"""Cases that stand for all others in size: what a network may refuse depends on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import Any

from PIL import Image

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.core.case import Case
from ssl_seg.media.by_name import MEDIA

Size = tuple[int, ...]
"""Height and width of a picture, or the voxels of a volume along the axes of its file."""

SizesOf = Callable[[Sequence[Case]], Sequence[Size]]


def known_sizes(index: DigestIndex, cases: Sequence[Case]) -> list[Size]:
    """Return the sizes of cases from what the catalog has found in their files."""
    sizes: dict[str, Size] = {}
    for medium in {case.medium for case in cases}:
        paths = [case.image.path for case in cases if case.medium == medium]
        for known in index.read(paths, MEDIA[medium].image_facts):
            sizes[known.file.path] = known.facts.shape
    return [sizes[case.image.path] for case in cases]


def representatives(
    cases: Sequence[Case], sizes_of: SizesOf, pipeline: Iterable[Mapping[str, Any]]
) -> list[Case]:
    """Return cases of the extreme sizes, and of each kind of pixels where a pipeline keeps them."""
    chosen = extremes(cases, sizes_of)
    if any(step.get("color_type") == "unchanged" for step in pipeline):
        chosen += {_mode(case): case for case in cases}.values()
    return list(dict.fromkeys(chosen))


def extremes(cases: Sequence[Case], sizes_of: SizesOf) -> list[Case]:
    """Return the smallest case, the largest, and others that a network may refuse for their size.

    These are the shortest along each axis, and the least divisible by powers of 2: a network that
    halves its input some times takes multiples only. One case stands for all of its size.
    """
    by_size = dict(zip(reversed(sizes_of(cases)), reversed(cases), strict=True))
    sizes = sorted(by_size)
    if not sizes:
        return []
    axes = range(len(sizes[0]))
    chosen = [
        min(sizes, key=prod),
        max(sizes, key=prod),
        *(min(sizes, key=lambda size: size[axis]) for axis in axes),
        *(min(sizes, key=lambda size: _twos(size[axis])) for axis in axes),
    ]
    return [by_size[size] for size in dict.fromkeys(chosen)]


def _mode(case: Case) -> str:
    """Return what Pillow calls the kind of a picture's pixels: ``L``, ``RGB``, ``RGBA``, ..."""
    with Image.open(case.image.path) as picture:
        return picture.mode


def _twos(number: int) -> int:
    """Return the largest power of 2 that divides a number."""
    return number & -number
