"""What one look into a file tells, kept in the digest index as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from ssl_seg.core.case import DataFile


class Facts(Protocol):
    """What one look into a file tells, as plain data in the index.

    Attributes:
        kind: stands for the class in the index file.
    """

    kind: ClassVar[str]

    @classmethod
    def of(cls, path: str) -> Self:
        """Look into a file.

        Raises:
            UserError: the file cannot be used; the message says why, without the path.
        """
        ...

    @classmethod
    def from_plain(cls, plain: Sequence[Any]) -> Self:
        """Return the facts that `plain` wrote."""
        ...

    def plain(self) -> Sequence[Any]:
        """Return the facts as a list of plain values."""
        ...


class SizedFacts(Facts, Protocol):
    """Facts of an image."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width of a picture, or voxels along the axes of a volume's file."""
        ...


class CountedFacts(Facts, Protocol):
    """Facts of a file of labels."""

    @property
    def pixels(self) -> tuple[tuple[int, int], ...]:
        """Pairs (value, number of pixels or voxels that hold it, at least 1), values ascending."""
        ...


F = TypeVar("F", bound=Facts)


@dataclass(frozen=True)
class Known(Generic[F]):
    """A file with what is known of it."""

    file: DataFile
    facts: F
