"""Label spaces: an ordered list of class names with an ignore value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ssl_seg.core.errors import UserError


@dataclass(frozen=True)
class LabelSpace:
    """The classes that a mask's numbers stand for.

    Attributes:
        name: what messages and reports call the space.
        classes: class ``i`` of a mask is ``classes[i]``.
        palette: one RGB colour in [0, 255] per class.
        ignore: the value of pixels that belong to no class; neither trained on nor scored.

    Raises:
        UserError: names repeat, colours are missing, or the ignore value is a class's number.
    """

    name: str
    classes: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    ignore: int = 255

    def __post_init__(self) -> None:
        if not self.classes:
            raise UserError(f"label space {self.name!r} has no classes")
        if repeated := {name for name in self.classes if self.classes.count(name) > 1}:
            raise UserError(f"label space {self.name!r} names {sorted(repeated)} more than once")
        if len(self.palette) != len(self.classes):
            raise UserError(
                f"label space {self.name!r} has {len(self.classes)} classes but "
                f"{len(self.palette)} colours; give one RGB triple per class"
            )
        if not len(self.classes) <= self.ignore <= 255:
            raise UserError(
                f"label space {self.name!r}: the ignore value must lie between the number of "
                f"classes ({len(self.classes)}) and 255, got {self.ignore}"
            )

    def __len__(self) -> int:
        return len(self.classes)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return the space that `plain` wrote."""
        palette = tuple((red, green, blue) for red, green, blue in plain["palette"])
        return cls(plain["name"], tuple(plain["classes"]), palette, plain["ignore"])

    def plain(self) -> dict[str, Any]:
        """Return the space as plain data, for fingerprints and manifests."""
        return {
            "name": self.name,
            "classes": list(self.classes),
            "palette": [list(colour) for colour in self.palette],
            "ignore": self.ignore,
        }


@dataclass(frozen=True)
class LabelValues:
    """How the numbers in a data set's label files become numbers of its label space.

    Attributes:
        space: the space that the labels are read into.
        table: pairs (value in the file, class number or the ignore value). A value that is not
            listed is an error in the file, never silently ignored.
    """

    space: LabelSpace
    table: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        allowed = {*range(len(self.space)), self.space.ignore}
        values = [value for value, _ in self.table]
        if len(set(values)) != len(values):
            raise UserError(f"label space {self.space.name!r}: a file value is listed twice")
        if outside := sorted({number for _, number in self.table} - allowed):
            raise UserError(
                f"label space {self.space.name!r} has no class numbered {outside}; use 0 to "
                f"{len(self.space) - 1} or the ignore value {self.space.ignore}"
            )

    @classmethod
    def identity(cls, space: LabelSpace, *ignored: int) -> LabelValues:
        """Files that hold class numbers as they are; ``ignored`` values join the ignore value."""
        extra = {space.ignore, *ignored}
        return cls(
            space,
            tuple((number, number) for number in range(len(space)))
            + tuple((value, space.ignore) for value in sorted(extra)),
        )

    def lookup(self) -> list[int | None]:
        """Return a table of 256 entries, ``None`` where a file value is not allowed."""
        table: list[int | None] = [None] * 256
        for value, number in self.table:
            table[value] = number
        return table

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return the table that `plain` wrote."""
        pairs = tuple((value, number) for value, number in plain["table"])
        return cls(LabelSpace.from_plain(plain["space"]), pairs)

    def plain(self) -> dict[str, Any]:
        """Return the table as plain data, for fingerprints and manifests."""
        return {"space": self.space.plain(), "table": [list(pair) for pair in self.table]}
