"""The cases of a made-up data set, before they are written in any layout."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from ssl_seg.core.errors import UserError
from ssl_seg.phantoms.organ.look import LOOKS
from ssl_seg.phantoms.organ.scan import scan
from ssl_seg.phantoms.organ.volume import Volume
from ssl_seg.registry import suggestion

_SMALLEST = 16
"""Fewer columns, rows or slices would not show the organ."""


@final
@dataclass(frozen=True, kw_only=True)
class Cohort:
    """All that decides what is drawn.

    Attributes:
        look: A name in `LOOKS`.
        train: Number of cases to learn from.
        test: Number of further labeled cases.
        unlabeled: Number of further scans without labels.
        size: Number of columns, rows and slices of every scan; None for those of the look. It
            decides how finely a body is shown, not how much of it.
        seed: At least 0.

    Raises:
        UserError: If one of them is out of its range.
    """

    look: str
    train: int
    test: int = 0
    unlabeled: int = 0
    size: tuple[int, int, int] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if not isinstance(self.look, str) or self.look not in LOOKS:
            raise UserError(
                f"look: no look is named {self.look!r}{suggestion(str(self.look), LOOKS)}"
            )
        lowest = {"train": 1, "test": 0, "unlabeled": 0, "seed": 0}
        for name, low in lowest.items():
            number = getattr(self, name)
            if not isinstance(number, int) or number < low:
                raise UserError(f"{name}: expected a whole number from {low} on, got {number!r}")
        if self.size is not None and not _is_size(self.size):
            raise UserError(
                "size: expected the numbers of columns, rows and slices, whole and each at least"
                f" {_SMALLEST}, got {self.size!r}"
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of columns, rows and slices of every scan."""
        columns, rows, slices = self.size or LOOKS[self.look].size
        return columns, rows, slices


def draw_case(cohort: Cohort, *key: str | int) -> Volume:
    """Draw one case.

    It depends on look, seed, size and its own key, not on how many others there are.

    Args:
        cohort: The settings.
        key: What no other case of the layout is called; numbers are at least 0.
    """
    words = (cohort.look, *key)
    numbers = [zlib.crc32(word.encode()) if isinstance(word, str) else word for word in words]
    rng = np.random.default_rng([cohort.seed, *numbers])
    return scan(LOOKS[cohort.look], cohort.shape, rng)


def _is_size(size: object) -> bool:
    """Tell whether these are three numbers of voxels."""
    return (
        isinstance(size, Sequence)
        and len(size) == 3
        and all(isinstance(count, int) and count >= _SMALLEST for count in size)
    )
