"""One row per score: what a plan promised joined with what its evaluate stages found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any, TypeAlias

from ssl_seg.store.manifest import read_json
from ssl_seg.store.store import Store

Row: TypeAlias = dict[str, Any]


def rows(store: Store) -> list[Row]:
    """Return a row for each score that all recorded plans have so far.

    Returns:
        Per row: ``scheduler`` (type), ``run`` (the plan's name), ``seed``, ``generation``,
        ``model`` (``single``, ``fold-i``, ``model-i``, ``mean``, ``final``), ``set`` (``test``,
        ``reference``, ``validation``), ``fold``, ``space`` (name), ``cases`` (how many are scored),
        ``of`` (how many were predicted; more where cases of R have no true label), ``metrics`` (by
        name),
        ``classes`` (scores by class, in the order of the space), ``absent`` (classes left out of a
        mean), ``first`` (name of the main metric, where one is named), ``distance_unit`` (``mm`` or
        ``pixels``), ``max_side`` and ``reduced`` (how many cases were scored at that size instead
        of their own) and ``stage`` (fingerprint of the evaluate stage, or a list where the row is
        the mean over several). What is not defined is ``None``.
    """
    return [
        _row(plan, planned, [_scores(store, stage) for stage in planned["stages"]])
        for plan, planned in _planned(store)
        if _is_scored(store, planned)
    ]


def pending(store: Store) -> int:
    """Return how many rows of the recorded plans have no score yet."""
    return sum(not _is_scored(store, planned) for _, planned in _planned(store))


def _planned(store: Store) -> list[tuple[Row, Row]]:
    return [(plan, planned) for plan in store.plans() for planned in plan["rows"]]


def _is_scored(store: Store, planned: Row) -> bool:
    return all(store.has(stage) for stage in planned["stages"])


def _scores(store: Store, stage: str) -> Row:
    return read_json(store.path(stage) / "scores.json")


def _row(plan: Row, planned: Row, parts: Sequence[Row]) -> Row:
    stages, first = planned["stages"], parts[0]
    names = first["space"]["classes"]
    # A metric need not state scores by class.
    scored = [name for name in names if name in first["classes"]]
    absent = {name for part in parts for name in part.get("absent", ())}
    return {
        "scheduler": plan["scheduler"]["type"],
        "run": plan["name"],
        "seed": plan["seed"],
        "generation": planned["generation"],
        "model": planned["model"],
        "set": planned["set"],
        "fold": planned["fold"],
        "space": first["space"]["name"],
        "cases": first["cases"],
        "of": planned["of"],
        "metrics": _mean([part["metrics"] for part in parts]),
        "classes": {name: _mean([part["classes"][name] for part in parts]) for name in scored},
        "absent": [name for name in names if name in absent],
        # Not every metric states these.
        "first": first.get("first"),
        "distance_unit": first.get("distance_unit"),
        "max_side": first.get("max_side"),
        "reduced": first.get("reduced", 0),
        "stage": stages[0] if len(stages) == 1 else list(stages),
    }


def _mean(parts: Sequence[dict[str, float | None]]) -> dict[str, float | None]:
    """Return the mean of each named score over the parts in which it is defined."""
    return {name: mean_of_known(part[name] for part in parts) for name in parts[0]}


def mean_of_known(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that are defined; ``None`` if none is."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
