"""Mappings between label spaces: tables by class name, many to one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ssl_seg.core.brief import brief
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace, LabelValues


@dataclass(frozen=True)
class ClassMapping:
    """Says for each class of one label space which class of another it becomes.

    Attributes:
        name: what messages call it.
        source: the finer space.
        target: the coarser space.
        table: for each class of the source its number in the target, or the target's ignore value.

    Raises:
        ValueError: the table does not fit the spaces.
    """

    name: str
    source: LabelSpace
    target: LabelSpace
    table: tuple[int, ...]

    def __post_init__(self) -> None:
        allowed = {*range(len(self.target)), self.target.ignore}
        if len(self.table) != len(self.source) or not allowed.issuperset(self.table):
            raise ValueError(
                f"class mapping {self.name!r}: expected {len(self.source)} numbers from 0 to "
                f"{len(self.target) - 1} or {self.target.ignore}, got {list(self.table)}"
            )

    @classmethod
    def by_name(
        cls,
        name: str,
        source: LabelSpace,
        target: LabelSpace,
        *,
        placed: Mapping[str, str],
        ignored: Iterable[str] = (),
        total: bool,
    ) -> ClassMapping:
        """Make a mapping of class names, which must account for each class of the source once.

        Args:
            name: what messages call it.
            source: the space that is mapped.
            target: the space that it is mapped to.
            placed: class of the source to class of the target.
            ignored: classes of the source that become the ignore value.
            total: whether each class has a place, so that none is ignored.

        Raises:
            UserError: a class is unknown, missing, or said twice, or ``total`` is not true.
        """
        left_out = tuple(ignored)
        said = (*placed, *left_out)
        problems = (
            _unknown(said, source),
            _unknown(placed.values(), target),
            _listed("neither placed nor ignored", [c for c in source.classes if c not in said]),
            _listed("both placed and ignored", [c for c in left_out if c in placed]),
            _listed("ignored twice", [c for c in left_out if left_out.count(c) > 1]),
            _listed("ignored, but the mapping calls itself total", left_out) if total else "",
            "" if total or left_out else "it ignores no class, so it is total and must say so",
        )
        if found := [problem for problem in problems if problem]:
            raise UserError(f"class mapping {name!r}: {'; '.join(found)}")
        numbers = {c: target.classes.index(placed[c]) for c in placed}
        return cls(
            name, source, target, tuple(numbers.get(c, target.ignore) for c in source.classes)
        )

    @classmethod
    def identity(cls, space: LabelSpace) -> ClassMapping:
        """Return the mapping of a space to itself."""
        return cls(space.name, space, space, tuple(range(len(space))))

    @property
    def ignored(self) -> tuple[str, ...]:
        """Classes of the source that have no place in the target."""
        pairs = zip(self.source.classes, self.table, strict=True)
        return tuple(name for name, number in pairs if number == self.target.ignore)

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """For each class of the target the numbers of the source's classes that become it."""
        return tuple(
            tuple(number for number, placed in enumerate(self.table) if placed == group)
            for group in range(len(self.target))
        )

    def then(self, other: ClassMapping) -> ClassMapping:
        """Return this mapping followed by another one.

        Raises:
            ValueError: the other one does not start where this one ends.
        """
        if other.source.classes != self.target.classes:
            raise ValueError(
                f"class mapping {other.name!r} starts at {_described(other.source)}, not at "
                f"{_described(self.target)}, where {self.name!r} ends"
            )
        numbers = _numbers(self.target.ignore, other)
        table = tuple(numbers[number] for number in self.table)
        return ClassMapping(f"{self.name} + {other.name}", self.source, other.target, table)

    def applied_to(self, values: LabelValues) -> LabelValues:
        """Return how the same label files are read into the target.

        Raises:
            ValueError: the files are not read into the source.
        """
        if values.space.classes != self.source.classes:
            raise ValueError(
                f"class mapping {self.name!r} maps {_described(self.source)}, but the labels are "
                f"read into {_described(values.space)}"
            )
        numbers = _numbers(values.space.ignore, self)
        return LabelValues(
            self.target, tuple((value, numbers[number]) for value, number in values.table)
        )

    def plain(self) -> dict[str, Any]:
        """Return the mapping as plain data, for fingerprints; its name changes no result."""
        return {
            "source": self.source.plain(),
            "target": self.target.plain(),
            "table": list(self.table),
        }


def _numbers(ignore: int, step: ClassMapping) -> dict[int, int]:
    """Return what a mapping makes of class numbers and of the ignore value among them."""
    return {ignore: step.target.ignore, **dict(enumerate(step.table))}


def _described(space: LabelSpace) -> str:
    return f"{space.name!r} ({brief(space.classes)})"


def _unknown(names: Iterable[str], space: LabelSpace) -> str:
    found = [name for name in names if name not in space.classes]
    return _listed(f"unknown in {_described(space)}", found, known=space.classes)


def _listed(what: str, names: Iterable[str], known: Sequence[str] = ()) -> str:
    """Say what is wrong with some classes, with the nearest known ones; nothing without any."""
    shown = []
    for name in dict.fromkeys(names):
        near = get_close_matches(name, known, n=1)
        shown.append(f"{name!r} (did you mean {near[0]!r}?)" if near else repr(name))
    return f"{what}: {brief(shown)}" if shown else ""
