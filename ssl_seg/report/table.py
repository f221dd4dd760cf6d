"""Tables as values: named columns and typed cells, written as text only where they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal, Self, TypeAlias

Kind: TypeAlias = Literal["text", "count", "score", "share"]


@dataclass(frozen=True)
class Spread:
    """The mean of measurements.

    Attributes:
        mean: of all of them.
        deviation: standard deviation of a sample (n - 1); ``None`` of a single measurement.
    """

    mean: float
    deviation: float | None

    @classmethod
    def of(cls, values: list[float]) -> Self:
        """Return the spread of one or more measurements."""
        return cls(fmean(values), stdev(values) if len(values) > 1 else None)


@dataclass(frozen=True)
class Range:
    """The least and the greatest of some values."""

    low: float
    high: float


@dataclass(frozen=True)
class Part:
    """Some of a number of things, e.g. 120 of 330 cases."""

    number: int
    of: int


Cell: TypeAlias = str | int | float | Spread | Range | Part | None


@dataclass(frozen=True)
class Column:
    """What the cells of a column are.

    Attributes:
        name: of the column.
        kind: ``text``; ``count``, a number of things; ``score``, as the metric states it; ``share``
            in [0, 1], which is shown in per cent.
        group: what several neighbouring columns have in common, such as the set that is scored.
        unit: what the shown numbers are in, where the name does not say it.
    """

    name: str
    kind: Kind = "text"
    group: str = ""
    unit: str = ""

    @property
    def title(self) -> str:
        """Group, name and unit in one line."""
        return " ".join(part for part in (self.group, self.name, self.unit) if part)

    @property
    def is_number(self) -> bool:
        """Whether the cells are numbers, which are aligned to the right."""
        return self.kind != "text"


@dataclass(frozen=True)
class Table:
    """Rows of cells under named columns.

    Attributes:
        columns: from left to right.
        rows: from top to bottom; ``None`` stands for what is not known.
        caption: one sentence on what is shown; may be empty.

    Raises:
        ValueError: a row has more or fewer cells than there are columns.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ValueError(
                    f"row {number} has {len(row)} cells under {len(self.columns)} columns"
                )
