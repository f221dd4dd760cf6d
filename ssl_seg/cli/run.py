"""A planned run, and its plan as text."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ssl_seg.config import Experiment
from ssl_seg.core.plan import Plan, merge_stages
from ssl_seg.report.plan_table import plan_table
from ssl_seg.report.render.terminal import terminal


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
            + terminal(plan_table(plan, done))
        )
    stages = merge_stages(run.plan for run in runs)
    total = f"{len(stages)} stages in all, {len(stages.keys() & set(done))} done"
    return "\n\n".join([*parts, total])
