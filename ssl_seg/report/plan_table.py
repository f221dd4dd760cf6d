"""The stages of a plan, and which are done."""

from __future__ import annotations

from collections.abc import Collection

from ssl_seg.core.plan import Plan
from ssl_seg.core.space import LabelSpace
from ssl_seg.core.stage import EvaluateStage, Stage
from ssl_seg.report.table import Column, Table


def plan_table(plan: Plan, done: Collection[str]) -> Table:
    """Return a table with a row per stage; label spaces are named where there are several.

    Args:
        plan: whose stages to list.
        done: fingerprints of the stages that are done.
    """
    stages = plan.stages
    spaces = [_space(stage).name for stage in stages.values()]
    several = len(set(spaces)) > 1
    columns = (
        Column("", "count"),
        Column("kind"),
        Column("stage"),
        *([Column("space")] if several else []),
        Column("size", "count"),
        Column("fingerprint"),
        Column(""),
    )
    rows = tuple(
        (
            number,
            stage.kind,
            stage.title,
            *([space] if several else []),
            stage.size,
            name[:8],
            "done" if name in done else "",
        )
        for number, ((name, stage), space) in enumerate(zip(stages.items(), spaces, strict=True), 1)
    )
    return Table(columns, rows)


def _space(stage: Stage) -> LabelSpace:
    """Return the label space that a stage learns to predict, labels in, or is scored in."""
    return stage.values.space if isinstance(stage, EvaluateStage) else stage.space
