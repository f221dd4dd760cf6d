"""What the files of a data set are, pictures or volumes, and what must hold between two of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ssl_seg.media.facts import CountedFacts, Facts, Known

I = TypeVar("I", bound=Facts)  # noqa: E741 - the image's facts
M = TypeVar("M", bound=CountedFacts)


@dataclass(frozen=True)
class Medium(Generic[I, M]):
    """One kind of image files with their masks.

    Attributes:
        image: what to look for in an image.
        mask: what to look for in its mask.
        misfit: says what is wrong between the two, naming both files; ``None`` where they fit.
    """

    image: type[I]
    mask: type[M]
    misfit: Callable[[Known[I], Known[M]], str | None]
