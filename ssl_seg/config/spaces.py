"""The label spaces of an experiment: its data's, those that class mappings lead to, the models'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssl_seg.core.brief import brief
from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.class_mappings import ClassMappings
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace
from ssl_seg.registry import ADAPTERS, suggestion


@dataclass(frozen=True)
class Spaces:
    """What is known of label spaces before anything is planned.

    Attributes:
        mappings: which lead to which.
        known: all of them by name.
        model: what models predict unless a phase says otherwise.
    """

    mappings: ClassMappings
    known: Mapping[str, LabelSpace]
    model: LabelSpace

    @classmethod
    def of(
        cls,
        by_list: Mapping[str, LabelSpace],
        declared: Sequence[ClassMapping],
        model: str | None,
        *,
        reference: LabelSpace | None = None,
    ) -> Spaces:
        """Join the spaces of S and of all lists that are scored.

        Args:
            by_list: the space of each of these lists.
            declared: class mappings of the config.
            model: name of the space that models predict; by default the finest one that all lists
                can be mapped to.
            reference: the space of R's data set, which chooses nothing: R may be images alone, and
                where its true labels join no other space they are not scored.

        Raises:
            UserError: mappings disagree or start where nothing leads to, or the lists and the
                models cannot be joined.
        """
        mappings = ClassMappings(declared)
        lists = [*by_list.values(), *([] if reference is None else [reference])]
        if unused := mappings.unused(lists):
            start = unused[0].source
            stated = ", ".join(
                dict.fromkeys(f"{space.name!r} ({brief(space.classes)})" for space in lists)
            )
            raise UserError(
                f"adapters: the class mapping {unused[0].name!r} maps from {start.name!r} "
                f"({brief(start.classes)}), which no list of cases has and no other mapping leads "
                f"to; the lists have {stated}"
            )
        ends = (space for step in declared for space in (step.source, step.target))
        known = _by_name((*lists, *ends))
        if model is None:
            return cls(mappings, known, mappings.finest_common(by_list))
        spaces = cls(mappings, known, _named(known, model, "space"))
        spaces.require_joined(by_list)
        return spaces

    def named(self, name: str) -> LabelSpace:
        """Return a space by name.

        Raises:
            UserError: no list and no declared mapping has it.
        """
        return _named(self.known, name, "space")

    def require_joined(self, by_list: Mapping[str, LabelSpace]) -> None:
        """Check that S can be mapped to the models' space, and that all others can be compared.

        Raises:
            UserError: one cannot; the message names both spaces and their classes.
        """
        for name, space in by_list.items():
            if self.mappings.between(space, self.model) is not None:
                continue
            if name != "labeled" and self.mappings.between(self.model, space) is not None:
                continue
            raise UserError(
                f"space: models predict {self.model.name!r} ({brief(self.model.classes)}), and "
                f"no declared class mapping leads there from {space.name!r} "
                f"({brief(space.classes)}), the space of the {name} cases"
            )


def _by_name(spaces: Iterable[LabelSpace]) -> dict[str, LabelSpace]:
    known: dict[str, LabelSpace] = {}
    for space in spaces:
        other = known.setdefault(space.name, space)
        if other.classes != space.classes:
            raise UserError(
                f"two label spaces are named {space.name!r}, one of {brief(other.classes)}, one of "
                f"{brief(space.classes)}; give one of them another name (ImageFolder: space='...')"
            )
    return known


def declared_mappings(adapters: Iterable[Mapping[str, Any]], folder: Path) -> list[ClassMapping]:
    """Read the class mappings that a config's ``adapters`` declare.

    Raises:
        UserError: an adapter is unknown or a mapping is bad; the message names the place.
    """
    found = []
    for position, adapter in enumerate(adapters):
        where = f"adapters[{position}]"
        built = ADAPTERS.build(adapter, where=where)
        if not hasattr(built, "class_mapping"):
            continue
        try:
            found.append(built.class_mapping(folder))
        except UserError as error:
            raise UserError(f"{where}: {error}") from error
    return found


def _named(known: Mapping[str, LabelSpace], name: str, where: str) -> LabelSpace:
    if name not in known:
        raise UserError(
            f"{where}: no data set and no declared class mapping has a label space {name!r}"
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
