"""Scores by class: of the final models of all runs, and of one evaluate stage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ssl_seg.report.metric_columns import first_metrics, metric_column, ordered
from ssl_seg.report.rows import Row, mean_of_known
from ssl_seg.report.runs import Run
from ssl_seg.report.table import Column, Table

_FIRST_CLASS_SCORES = ("IoU", "Dice", "case DSC", "global DSC")


def class_tables(rows: Sequence[Row], runs: Sequence[Run]) -> list[Table]:
    """Return the test scores of each final model by class, one table per label space.

    A column is a label, its scores the means over its seeds.
    """
    scored = [row for row in rows if row["classes"]]
    final = [row for row in scored if row["model"] == "final" and row["set"] == "test"]
    labels = {run["name"]: run["label"] for run in runs}
    kinds = [(row["space"], tuple(row["classes"])) for row in final]
    return [
        _class_table([row for row, of in zip(final, kinds, strict=True) if of == kind], labels)
        for kind in dict.fromkeys(kinds)
    ]


def class_table(scores: Mapping[str, Any]) -> Table:
    """Return all scores by class that an evaluate stage's ``scores.json`` holds."""
    names = sorted({name for stated in scores["classes"].values() for name in stated})
    return Table(
        (Column("class"), *map(metric_column, names)),
        tuple(
            (label, *(scores["classes"][label][name] for name in names))
            for label in scores["space"]["classes"]
            if label in scores["classes"]
        ),
    )


def _class_table(rows: Sequence[Row], labels: Mapping[str, str]) -> Table:
    stated = {name for scores in rows[0]["classes"].values() for name in scores}
    # The mean over classes is named after the score: case mDSC, case DSC.
    first = [name.replace(" m", " ") for name in first_metrics(rows)]
    score = ordered(stated, (*first, *_FIRST_CLASS_SCORES))[0]
    columns: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        columns[labels[row["run"]]].append(row["classes"])
    return Table(
        (Column(f"{score} of"), *(Column(label, "score") for label in columns)),
        tuple(
            (name, *(mean_of_known(c[name][score] for c in of) for of in columns.values()))
            for name in rows[0]["classes"]
        ),
    )
