"""How long the rest of a run takes, from what its stages took so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ssl_seg.core.stage import Stage

UNIT_COSTS: Final = {"train": 1.0, "label": 0.3, "evaluate": 0.03}
"""Rough cost of an iteration or a case by stage kind, relative to a training iteration.

It weighs the stages in the bar of the whole run and stands in for kinds that have not run yet.
"""


def cost(kind: str, units: float) -> float:
    """Return the rough cost of some units of work, in training iterations."""
    return UNIT_COSTS[kind] * units


def seconds_left(remaining: Mapping[str, int], rates: Mapping[str, float]) -> float | None:
    """Estimate the time that the remaining work takes.

    A kind of stage that has not run yet is assumed to be as much faster or slower than its rough
    cost as the measured kinds together are.

    Args:
        remaining: by stage kind: iterations or cases that are not done.
        rates: by stage kind: iterations or cases per second, positive; kinds may be missing.

    Returns:
        Seconds; 0 where nothing remains; ``None`` while no rate is known.

    >>> seconds_left({"train": 100}, {"train": 4.0})
    25.0
    """
    if not any(remaining.values()):
        return 0.0
    if not rates:
        return None
    measured = sum(1 / (rate * UNIT_COSTS[kind]) for kind, rate in rates.items())
    seconds_per_cost = measured / len(rates)
    return sum(
        units / rates[kind] if kind in rates else cost(kind, units) * seconds_per_cost
        for kind, units in remaining.items()
    )


def unit(stage: Stage) -> str:
    """Name what a stage's work is counted in."""
    return "iterations" if stage.kind == "train" else "cases"


def duration(seconds: float) -> str:
    """Write a time for people, coarser the longer it is.

    >>> duration(42.4), duration(200), duration(7500)
    ('42 s', '3 min 20 s', '2 h 05 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
