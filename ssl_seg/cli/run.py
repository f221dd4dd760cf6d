"""A planned run, and its plan as text."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from tabulate import tabulate

from ssl_seg.config import Experiment
from ssl_seg.core.plan import Plan, merge_stages
from ssl_seg.core.space import LabelSpace
from ssl_seg.core.stage import EvaluateStage, Stage


@dataclass(frozen=True)
class Run:
    """One config with one seed, planned."""

    experiment: Experiment
    plan: Plan


def describe(runs: Iterable[Run], done: Collection[str]) -> str:
    """Return the plans as text: counts, and stage by stage what is done already.

    Args:
        runs: what is planned.
        done: fingerprints of finished stages.
    """
    parts = []
    for run in runs:
        plan = run.plan
        lists = [f"{name} {len(cases)}" for name, cases in run.experiment.split.lists().items()]
        iterations = sum(stage.size for stage in plan.trainings)
        parts.append(
            f"{plan.name}: {plan.scheduler['type']}; cases: {', '.join(lists)}\n"
            f"{len(plan.trainings)} trainings ({iterations} iterations), "
            f"{len(plan.labelings)} labelings, {len(plan.evaluations)} evaluations; "
            f"{len(plan.stages.keys() & set(done))} of {len(plan.stages)} stages done\n"
            + "".join(f"note: {note}\n" for note in plan.notes)
            + _stage_table(plan, done)
        )
    stages = merge_stages(run.plan for run in runs)
    total = f"{len(stages)} stages in all, {len(stages.keys() & set(done))} done"
    return "\n\n".join([*parts, total])


def _stage_table(plan: Plan, done: Collection[str]) -> str:
    """Return a line per stage; label spaces are told where there are several."""
    stages = plan.stages.values()
    spaces = [_space(stage).name for stage in stages]
    columns: list[tuple[str, Iterable[Any]]] = [
        ("", range(1, len(stages) + 1)),
        ("kind", [stage.kind for stage in stages]),
        ("stage", [stage.title for stage in stages]),
        *([("space", spaces)] if len(set(spaces)) > 1 else []),
        ("size", [stage.size for stage in stages]),
        ("fingerprint", [name[:8] for name in plan.stages]),
        ("", ["done" if name in done else "" for name in plan.stages]),
    ]
    headers, cells = zip(*columns, strict=True)
    return tabulate(list(zip(*cells, strict=True)), headers=headers)


def _space(stage: Stage) -> LabelSpace:
    """Return the label space that a stage learns to predict, labels in, or is scored in."""
    return stage.values.space if isinstance(stage, EvaluateStage) else stage.space
