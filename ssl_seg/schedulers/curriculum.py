"""Curriculum: schedules one after another, each in a label space of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from ssl_seg.core.errors import UserError
from ssl_seg.planning import HandedOn, PlanBuilder, Result, Scheduler, TakenOver, takes_over
from ssl_seg.registry import SCHEDULERS, suggestion

_KEYS = ("scheduler", "space", "start", "pseudo_labels", "role")
_SOURCES = ("own", "previous")
_ROLES = ("student", "guided", "tuning")
_KEY_OF: Mapping[HandedOn, str] = {"model": "start", "labels": "pseudo_labels"}
"""The key of a phase by which it takes over what the phase before hands on."""


@SCHEDULERS.register_module()
@final
class Curriculum:
    """Phases in sequence, as in the driving experiments of the ATSO paper (section 5.2).

    Many classes make pseudo labels noisy. So a first phase learns few classes, a second one learns
    all of them guided by the few-class pseudo labels, and a third one goes on with its own.
    All phases are one plan; generations count through.

    Args:
        phases: one dict each, with

            ``scheduler``: the config of any scheduler;
            ``space``: the label space of its models, by name; the experiment's by default;
            ``start``: ``previous`` takes the model that the phase before ends with as first teacher
            (and, in self-learning, as the first student's start), ``own`` (default) none;
            ``pseudo_labels``: ``previous`` takes that phase's labels of R, ``own`` (default) writes
            some first. ATSO hands on the labels that the models of its last generation wrote of
            the cases they had not seen, STSO and self-learning those of their last model;
            ``role``: what the phase's students are called, ``student`` (default), ``guided`` or
            ``tuning``, for the overlays in ``roles``.
    """

    takes_over: ClassVar[frozenset[HandedOn]] = frozenset()

    def __init__(self, *, phases: Sequence[Mapping[str, Any]]) -> None:
        if not phases:
            raise UserError("phases: expected at least one, got none")
        self.phases = tuple(_checked(phase, number) for number, phase in enumerate(phases))
        self._schedulers = tuple(
            _scheduler(phase, number) for number, phase in enumerate(self.phases)
        )

    def plan(self, b: PlanBuilder) -> Result:
        """Write the plan; see the class.

        Raises:
            UserError: a phase asks for what the phase before does not have, or for a label space
                that nothing leads to; the message starts with the phase.
        """
        result: Result | None = None
        for number, (phase, scheduler) in enumerate(
            zip(self.phases, self._schedulers, strict=True)
        ):
            try:
                part = b.phase(
                    space=phase["space"], taken_over=_taken_over(phase, result), role=phase["role"]
                )
                result = scheduler.plan(part)
            except UserError as error:
                raise UserError(f"phases[{number}]: {error}") from error
        assert result is not None  # noqa: S101 - there is at least one phase
        return result


def _checked(phase: Any, number: int) -> dict[str, Any]:
    where = f"phases[{number}]"
    if not isinstance(phase, Mapping) or "scheduler" not in phase:
        raise UserError(f"{where}: expected a dict with a 'scheduler', got {phase!r}")
    for key in phase:
        if key not in _KEYS:
            raise UserError(f"{where}.{key}: unknown key{suggestion(key, _KEYS)}")
    filled = {"space": None, "start": "own", "pseudo_labels": "own", "role": "student", **phase}
    for key, allowed in (("start", _SOURCES), ("pseudo_labels", _SOURCES), ("role", _ROLES)):
        if filled[key] not in allowed:
            raise UserError(
                f"{where}.{key}: expected one of {', '.join(allowed)}, got {filled[key]!r}"
            )
        if number == 0 and filled[key] == "previous":
            raise UserError(f"{where}.{key}: the first phase has none before it; use 'own'")
    return filled


def _scheduler(phase: Mapping[str, Any], number: int) -> Scheduler:
    """Build the scheduler of a phase, which must take over what the phase asks it to."""
    built: Scheduler = SCHEDULERS.build(phase["scheduler"], where=f"phases[{number}].scheduler")
    for part, key in _KEY_OF.items():
        if phase[key] == "previous" and part not in takes_over(built):
            raise UserError(
                f"phases[{number}].{key}: {phase['scheduler']['type']} takes no {part} over from "
                f"the phase before; use {key}='own'"
            )
    return built


def _taken_over(phase: Mapping[str, Any], previous: Result | None) -> TakenOver:
    if previous is None:
        return TakenOver()
    if phase["pseudo_labels"] == "previous" and previous.labels is None:
        raise UserError(
            "pseudo_labels='previous': the phase before labels no reference cases; use 'own'"
        )
    return TakenOver(
        model=previous.model if phase["start"] == "previous" else None,
        labels=previous.labels if phase["pseudo_labels"] == "previous" else None,
    )
