"""Check that schedules of learning rates and momenta fit the length of the training."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ssl_seg.core.errors import UserError

_DECAY = re.compile(
    r"(CosineAnnealing|CosineRestart|Exponential|Linear|MultiStep|OneCycle|Poly|Step)"
    r"(LR|Momentum|ParamScheduler)"
)
"""mmengine's schedules that leave a value where it is when they end."""


def check_schedule(config: Mapping[str, Any], where: str) -> None:
    """Check begin and end of the entries of ``param_scheduler``.

    One without an end goes on to the end of the training. A warm-up may end before it, as the
    value that it leads to is the one to train with; so may a decay that another entry follows.

    Args:
        config: as an overlay leaves it.
        where: place of the overlay, for messages.

    Raises:
        UserError: one ends before it begins, is shorter than it runs, or all end before the
            training does.
    """
    iterations, found = config["train_cfg"]["max_iters"], config["param_scheduler"] or ()
    schedules = [found] if isinstance(found, Mapping) else found
    for position, schedule in enumerate(schedules):
        begin, end = _span(schedule, iterations, f"{where}param_scheduler[{position}]")
        if begin >= end:
            raise UserError(
                f"{where}param_scheduler[{position}] ({schedule.get('type')}): begins at iteration "
                f"{begin}, but ends at {end}"
                + ("" if "end" in schedule else ", where the training does (train_cfg.max_iters)")
                + "; begin must lie before end"
            )
        _check_length(schedule, min(end, iterations) - begin, f"{where}param_scheduler[{position}]")
    for value in dict.fromkeys(map(_value, schedules)):
        same = [schedule for schedule in schedules if _value(schedule) == value]
        last = max(same, key=lambda schedule: int(schedule.get("end", iterations)))
        end = last.get("end", iterations)
        if end < iterations and any(map(_decays, same)):
            raise UserError(
                f"{where}param_scheduler: the {value} is scheduled up to iteration {end} "
                f"({last['type']}), but {where}train_cfg.max_iters is {iterations}: the other "
                f"{iterations - end} iterations would be trained with what it ended at. Set "
                f"end={iterations}, or leave end out, which means max_iters; a constant rest is "
                f"dict(type='ConstantLR', factor=1, begin={end}, end={iterations}, by_epoch=False)"
            )


def _check_length(schedule: Mapping[str, Any], iterations: int, where: str) -> None:
    """Check those that are told their length once more: a restart stays at its least value."""
    lengths = {"total_steps": [schedule.get("total_steps")], "periods": schedule.get("periods")}
    for name, parts in lengths.items():
        # What is no number is refused by mmengine when it is built.
        if not parts or not all(isinstance(part, int) for part in parts):
            continue
        if sum(parts) < iterations:
            raise UserError(
                f"{where} ({schedule.get('type')}): its {name} are {sum(parts)} iterations, but it "
                f"runs for {iterations}; make them {iterations}, or end it earlier and let another "
                "entry follow"
            )


def _span(schedule: Mapping[str, Any], iterations: int, where: str) -> tuple[int, int]:
    span = schedule.get("begin", 0), schedule.get("end", iterations)
    for name, at in zip(("begin", "end"), span, strict=True):
        if isinstance(at, bool) or not isinstance(at, int) or at < 0:
            raise UserError(
                f"{where}.{name}: expected a whole number of iterations, 0 or more, got {at!r}"
            )
    return span


def _value(schedule: Mapping[str, Any]) -> str:
    """Name what an entry sets."""
    kind = str(schedule.get("type"))
    if kind.endswith("ParamScheduler"):
        return str(schedule.get("param_name"))
    return "momentum" if kind.endswith("Momentum") else "learning rate"


def _decays(schedule: Mapping[str, Any]) -> bool:
    kind = _DECAY.fullmatch(str(schedule.get("type")))
    if kind is None or kind[1] != "Linear":
        return kind is not None
    # mmengine's defaults warm up from a third.
    return bool(schedule.get("end_factor", 1.0) < schedule.get("start_factor", 1 / 3))
