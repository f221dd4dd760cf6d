"""Which label spaces lead to which, by the class mappings that an experiment declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from ssl_seg.core.brief import brief
from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace, LabelValues

_Classes: TypeAlias = tuple[str, ...]


class ClassMappings:
    """Class mappings put end to end; spaces of the same classes are the same space.

    Args:
        mappings: in any order.

    Raises:
        UserError: two mappings, or chains of them, say different things of the same two spaces, or
            one changes classes within one space.
    """

    def __init__(self, mappings: Sequence[ClassMapping]) -> None:
        self._direct = tuple(mappings)
        self._found: dict[tuple[_Classes, _Classes], ClassMapping] = {}
        for start in mappings:
            _refuse_circle(start)
            self._follow(start, (start.source.classes,))

    def _follow(self, path: ClassMapping, passed: tuple[_Classes, ...]) -> None:
        ends = path.source.classes, path.target.classes
        other = self._found.setdefault(ends, path)
        if other.groups != path.groups:
            raise UserError(
                f"the class mappings {other.name!r} and {path.name!r} both lead from "
                f"{path.source.name!r} to {path.target.name!r} and disagree on "
                f"{_disputed(other, path)}; declare one of them"
            )
        passed = (*passed, path.target.classes)
        for step in self._direct:
            if step.source.classes == path.target.classes and step.target.classes not in passed:
                self._follow(path.then(step), passed)

    def between(self, source: LabelSpace, target: LabelSpace) -> ClassMapping | None:
        """Return the mapping from one space to another, ``None`` where there is none."""
        if source.classes == target.classes:
            return ClassMapping.identity(target)
        return self._found.get((source.classes, target.classes))

    def align(
        self, values: LabelValues, space: LabelSpace, what: str
    ) -> tuple[LabelValues, ClassMapping | None]:
        """Return how labels are read for models that predict a space.

        Finer labels are mapped to it. Coarser ones stay as they are; then the second value says how
        the space's classes become theirs.

        Args:
            values: how the labels are read in their own space.
            space: what models predict.
            what: the labels, for the message.

        Raises:
            UserError: no mapping leads from one space to the other.
        """
        down = self.between(values.space, space)
        if down is not None:
            # Named as the models' space, whatever the mapping's end is called.
            return LabelValues(space, down.applied_to(values).table), None
        up = self.between(space, values.space)
        if up is not None:
            return values, up
        raise UserError(
            f"{what} are in label space {values.space.name!r} ({brief(values.space.classes)}), and "
            f"no class mapping leads from it to {space.name!r} ({brief(space.classes)}) or back; "
            "declare one in adapters"
        )

    def finest_common(self, by_list: Mapping[str, LabelSpace]) -> LabelSpace:
        """Return the finest space that all of some spaces can be mapped to.

        Args:
            by_list: the spaces, by the name of the case list that has them, for the message.

        Raises:
            UserError: there is no such space, or several that do not lead to each other.
        """
        spaces: dict[_Classes, LabelSpace] = {}
        for space in (*by_list.values(), *(step.target for step in self._direct)):
            spaces.setdefault(space.classes, space)
        shared = [
            space
            for space in spaces.values()
            if all(self.between(own, space) is not None for own in by_list.values())
        ]
        finest = [
            space
            for space in shared
            if all(self.between(space, other) is not None for other in shared)
        ]
        if finest:
            # Maps there and back make two spaces lead to each other; the one with more classes is
            # the finer one, in whatever order the mappings are declared.
            return max(finest, key=len)
        raise UserError(f"adapters: {self._lack(by_list, shared)}")

    def _lack(self, by_list: Mapping[str, LabelSpace], shared: Sequence[LabelSpace]) -> str:
        declared = ", ".join(repr(step.name) for step in self._direct) or "none"
        if shared:
            return (
                f"the lists share the label spaces {brief([repr(s.name) for s in shared])}, none "
                f"of which leads to all others; say with 'space' which one models predict. "
                f"Declared class mappings: {declared}"
            )
        stated = "; ".join(
            f"{name}: {space.name!r} ({brief(space.classes)})" for name, space in by_list.items()
        )
        return (
            f"the lists share no label space ({stated}); declare with ClassReduction the label "
            f"maps that lead to one. Declared: {declared}"
        )

    def unused(self, spaces: Iterable[LabelSpace]) -> list[ClassMapping]:
        """Return the declared mappings that start at a space which none of these leads to."""
        starts = list(spaces)
        return [
            step
            for step in self._direct
            if not any(self.between(start, step.source) for start in starts)
        ]


def _refuse_circle(step: ClassMapping) -> None:
    same = step.source.classes == step.target.classes
    if same and step.table != ClassMapping.identity(step.target).table:
        raise UserError(
            f"the class mapping {step.name!r} leads from {step.source.name!r} to itself, and "
            "labels of one space are never mapped; to join classes or to leave some out, map to a "
            "space that has fewer"
        )


def _disputed(one: ClassMapping, other: ClassMapping) -> str:
    pairs = zip(one.source.classes, one.table, other.table, strict=True)
    return brief([repr(name) for name, here, there in pairs if here != there])
