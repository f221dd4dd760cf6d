"""The beginning and the end of a plan: what lies around a scheduler."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ssl_seg.core.plan import Plan
from ssl_seg.core.split import Split
from ssl_seg.core.stage import Stage
from ssl_seg.planning.builder import PlanBuilder
from ssl_seg.planning.draft import Draft
from ssl_seg.planning.handles import Result
from ssl_seg.planning.phase import Phase
from ssl_seg.planning.scoring import Scoring
from ssl_seg.planning.stage_configs import ConfigSource


def start_plan(
    split: Split, configs: ConfigSource, seed: int, notes: Iterable[str] = ()
) -> PlanBuilder:
    """Return the builder of an empty plan.

    Args:
        split: the case lists.
        configs: each stage's part of the config.
        seed: of the run: start weights, sample order, folds.
        notes: what a reader of the plan should know of the split.
    """
    return PlanBuilder(Draft(split, seed, list(notes)), Phase(configs))


def finish_plan(draft: Draft, result: Result, *, label: str, scheduler: Mapping[str, Any]) -> Plan:
    """Score the result on E as ``final`` and return the plan.

    Stages that neither a score nor the result builds on are left out: what a phase of a curriculum
    ends with, when the next one does not take it over.

    Args:
        draft: what the scheduler has written.
        result: what it ends with.
        label: what the report calls the experiment, without its seed.
        scheduler: its config.
    """
    Scoring(draft, draft.last_generation or 0).models([result.model], name="final")
    labels = () if result.labels is None else tuple(part.stage for part in result.labels.parts)
    return Plan(
        label=label,
        scheduler=scheduler,
        seed=draft.seed,
        stages=_needed(draft, {*result.model.networks.values(), *labels}),
        rows=tuple(draft.rows),
        models=result.model.networks,
        labels=labels,
        folds={
            count: tuple(tuple(case.id for case in fold.cases) for fold in folds)
            for count, folds in draft.folds.items()
        },
        notes=tuple(dict.fromkeys(draft.notes)),
        labeled_pixels=dict(draft.labeled_pixels),
    )


def _needed(draft: Draft, results: set[str]) -> dict[str, Stage]:
    """Return the stages that the results and all scores build on, in order."""
    needed = results.union(*(row.stages for row in draft.rows))
    # Each stage stands after those that it builds on.
    for name, stage in reversed(draft.stages.items()):
        if name in needed:
            needed.update(stage.inputs)
    return {name: stage for name, stage in draft.stages.items() if name in needed}
