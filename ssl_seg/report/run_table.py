"""What each run trains in total."""

from __future__ import annotations

from collections.abc import Sequence

from ssl_seg.report.runs import Run, schedule
from ssl_seg.report.table import Column, Table

_COLUMNS = (
    Column("run"),
    Column("schedule"),
    Column("seed", "count"),
    Column("trained models", "count"),
    Column("trained iterations", "count"),
)


def run_table(runs: Sequence[Run]) -> Table:
    """Return a table with a row per run."""
    return Table(
        _COLUMNS,
        tuple(
            (
                run["name"],
                schedule(run),
                run["seed"],
                run["trained_models"],
                run["trained_iterations"],
            )
            for run in runs
        ),
    )
