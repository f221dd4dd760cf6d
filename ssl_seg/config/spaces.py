"""The label spaces of an experiment: those of its data, those that maps lead to, the models'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssl_seg.core.few import few
from ssl_seg.core.space import LabelSpace
from ssl_seg.core.space_joins import SpaceJoins
from ssl_seg.core.space_map import SpaceMap
from ssl_seg.registry import ADAPTERS, suggestion


@dataclass(frozen=True)
class Spaces:
    """What is known of label spaces before anything is planned.

    Attributes:
        joins: which lead to which.
        known: all of them by name.
        model: what models predict unless a phase says otherwise.
    """

    joins: SpaceJoins
    known: Mapping[str, LabelSpace]
    model: LabelSpace

    @classmethod
    def of(
        cls,
        homes: Mapping[str, LabelSpace],
        maps: Sequence[SpaceMap],
        model: str | None,
        *,
        reference: LabelSpace | None = None,
    ) -> Spaces:
        """Join the spaces of S and of all lists that are scored.

        Args:
            homes: the space of each of these lists.
            maps: that the config declares.
            model: name of the space that models predict; by default the finest one that all lists
                can be mapped to.
            reference: the space of R's data set, which chooses nothing: R may be images alone, and
                where its true labels join no other space they are not scored.

        Raises:
            ValueError: maps disagree or start where nothing leads to, or the lists and the models
                cannot be joined.
        """
        joins = SpaceJoins(maps)
        lists = [*homes.values(), *([] if reference is None else [reference])]
        if unused := joins.unused(lists):
            start = unused[0].source
            stated = ", ".join(
                dict.fromkeys(f"{space.name!r} ({few(space.classes)})" for space in lists)
            )
            raise ValueError(
                f"adapters: the label map {unused[0].name!r} starts at {start.name!r} "
                f"({few(start.classes)}), which no list is in and nothing leads to; the lists are "
                f"in {stated}"
            )
        ends = (space for step in maps for space in (step.source, step.target))
        known = _by_name((*lists, *ends))
        if model is None:
            return cls(joins, known, joins.finest_common(homes))
        spaces = cls(joins, known, _named(known, model, "space"))
        spaces.require_joined(homes)
        return spaces

    def named(self, name: str) -> LabelSpace:
        """Return a space by name.

        Raises:
            ValueError: no list and no declared map has it.
        """
        return _named(self.known, name, "space")

    def require_joined(self, homes: Mapping[str, LabelSpace]) -> None:
        """Check that S can be mapped to the models' space, and that all others can be compared.

        Raises:
            ValueError: one cannot; the message names both spaces and their classes.
        """
        for name, home in homes.items():
            if self.joins.between(home, self.model) is not None:
                continue
            if name != "labeled" and self.joins.between(self.model, home) is not None:
                continue
            raise ValueError(
                f"space: models predict {self.model.name!r} ({few(self.model.classes)}), and "
                f"no declared label map leads there from {home.name!r} "
                f"({few(home.classes)}), the space of the {name} cases"
            )


def _by_name(spaces: Iterable[LabelSpace]) -> dict[str, LabelSpace]:
    known: dict[str, LabelSpace] = {}
    for space in spaces:
        other = known.setdefault(space.name, space)
        if other.classes != space.classes:
            raise ValueError(
                f"two label spaces are named {space.name!r}, one of {few(other.classes)}, one of "
                f"{few(space.classes)}; give one of them another name (ImageFolder: space='...')"
            )
    return known


def declared_maps(adapters: Iterable[Mapping[str, Any]], folder: Path) -> list[SpaceMap]:
    """Read the label maps that a config's ``adapters`` declare.

    Raises:
        ValueError: an adapter is unknown or a map is bad; the message names the place.
    """
    maps = []
    for position, adapter in enumerate(adapters):
        where = f"adapters[{position}]"
        built = ADAPTERS.build(adapter, where=where)
        if not hasattr(built, "space_map"):
            continue
        try:
            maps.append(built.space_map(folder))
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
    return maps


def _named(known: Mapping[str, LabelSpace], name: str, where: str) -> LabelSpace:
    if name not in known:
        raise ValueError(
            f"{where}: no data set and no declared label map has a label space {name!r}"
            + suggestion(str(name), known)
        )
    return known[name]


def with_classes(model: Mapping[str, Any], before: int | None, count: int) -> dict[str, Any]:
    """Return a model's config whose heads predict another number of classes.

    Args:
        model: config of an mmsegmentation segmentor, or of a model that states ``num_classes``.
        before: number of classes of the heads that change; heads that state none stay as they are.
        count: their number afterwards.
    """
    heads = {key: model[key] for key in ("decode_head", "auxiliary_head") if model.get(key)}
    own = _resized(model, before, count)
    return {**own, **{key: _resized(head, before, count) for key, head in heads.items()}}


def _resized(head: Any, before: int | None, count: int) -> Any:
    if isinstance(head, (list, tuple)):
        return type(head)(_resized(part, before, count) for part in head)
    stated = head.get("num_classes")
    return head if stated is None or stated != before else {**head, "num_classes": count}
