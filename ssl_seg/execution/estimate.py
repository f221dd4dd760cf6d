"""How long work takes, from what the stages of a run took so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ssl_seg.core.stage import Stage

UNIT_COSTS: Final = {"train": 1.0, "label": 0.3, "evaluate": 0.03}
"""Rough cost of an iteration or a case by stage kind, relative to a training iteration.

It weighs the stages in the bar of the whole run and stands in for kinds that have not run yet.
"""


def cost(kind: str, units: float) -> float:
    """Return the rough cost of some units of work, in training iterations."""
    return UNIT_COSTS[kind] * units


def seconds_per_unit(rates: Mapping[str, float]) -> Callable[[str], float]:
    """Return a function that estimates how long an iteration or a case of a stage kind takes.

    A kind of stage that has not run yet is assumed to be as much faster or slower than its rough
    cost as the measured kinds together are.

    Args:
        rates: by stage kind: iterations or cases per second, positive; at least one.

    >>> seconds_per_unit({"train": 4.0})("train")
    0.25
    """
    seconds_per_cost = sum(1 / (rate * UNIT_COSTS[kind]) for kind, rate in rates.items())
    seconds_per_cost /= len(rates)
    return lambda kind: 1 / rates[kind] if kind in rates else cost(kind, seconds_per_cost)


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
