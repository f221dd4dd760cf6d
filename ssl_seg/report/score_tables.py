"""Scores by generation: of one run, and of all runs over their seeds.

No table marks a best row: nothing is chosen on the test set.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from ssl_seg.report.document import Block, Items, Paragraph
from ssl_seg.report.metric_columns import first_metrics, metric_column, ordered
from ssl_seg.report.rows import Row
from ssl_seg.report.runs import Run
from ssl_seg.report.table import Cell, Column, Part, Spread, Table

SETS = ("test", "validation", "reference")
"""Sets in the order of the columns."""

_CASES = "cases"

Line: TypeAlias = tuple[int, str, str]
"""Generation, model and label space of a row."""


def generation_table(rows: Sequence[Row]) -> Table:
    """Return one run's scores, a row per generation and model.

    A column says how many cases of a set were scored where that is not all of them.
    """
    spaces = len({row["space"] for row in rows}) > 1
    columns = _score_columns(rows)
    lead = (Column("generation"), Column("model"), *([Column("space")] if spaces else []))
    lines = tuple(
        (
            generation,
            model,
            *([space] if spaces else []),
            *(cells.get((column.group, column.name)) for column in columns),
        )
        for (generation, model, space), cells in _by_line(rows).items()
    )
    return Table((*lead, *columns), lines)


def summary_table(rows: Sequence[Row], runs: Sequence[Run]) -> Table:
    """Return the first metric by label and generation, over seeds.

    A generation of several models is represented by their mean.
    """
    labels = {run["name"]: run["label"] for run in runs}
    metric = ordered({name for row in rows for name in row["metrics"]}, first_metrics(rows))[0]
    sets = [cases for cases in SETS if any(row["set"] == cases for row in rows)]
    measured: dict[tuple[str, str, str], dict[str, list[float]]] = {}
    for row in rows:
        value = row["metrics"].get(metric)
        if _is_one_of_several(row) or value is None:
            continue
        generation = "final" if row["model"] == "final" else str(row["generation"])
        line = (labels[row["run"]], generation, row["space"])
        measured.setdefault(line, defaultdict(list))[row["set"]].append(value)
    lead = (Column("run"), Column("generation"), Column("space"), Column("seeds", "count"))
    lines = tuple(
        (
            *line,
            max(map(len, values.values())),
            *(Spread.of(values[cases]) if values[cases] else None for cases in sets),
        )
        for line, values in sorted(measured.items(), key=lambda item: item[0][0])
    )
    return Table(
        (*lead, *(metric_column(metric, cases) for cases in sets)),
        lines,
        "Mean ± standard deviation over seeds; a generation of several models is represented by "
        "their mean.",
    )


def absence_blocks(rows: Sequence[Row]) -> list[Block]:
    """Say which classes were left out of which rows' means; nothing where none was."""
    notes = []
    for cases in SETS:
        scored = [row for row in rows if row["set"] == cases]
        lines: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for row in scored:
            if row["absent"]:
                lines[tuple(row["absent"])].append(f"{row['generation']} {row['model']}")
        for absent, found in lines.items():
            where = "" if len(found) == len(scored) else f" ({', '.join(found)})"
            notes.append(f"{cases}{where}: {', '.join(absent)}")
    if not notes:
        return []
    return [
        Paragraph("Absent from truth and prediction, so left out of the means:"),
        Items(tuple(notes)),
    ]


def size_blocks(rows: Sequence[Row]) -> list[Block]:
    """Say which of a run's sets were scored at a reduced size; nothing where none was."""
    reduced = {row["set"]: row for row in rows if row["reduced"]}
    if not reduced:
        return []
    parts = [f"{row['reduced']} of {row['cases']} {cases} cases" for cases, row in reduced.items()]
    side = next(iter(reduced.values()))["max_side"]
    text = f"Scored at a reduced size, the longer side {side} pixels: {', '.join(parts)}."
    return [Paragraph(text)]


def truth_blocks(rows: Sequence[Row]) -> list[Block]:
    """Say of how many reference cases the truth is known; nothing where it is of all."""
    whole = [row for row in rows if row["set"] == "reference" and not _is_one_of_several(row)]
    partial = dict.fromkeys((r["cases"], r["of"]) for r in whole if r["cases"] < r["of"])
    if not partial:
        return []
    known = " or ".join(f"{scored} of {of}" for scored, of in partial)
    return [Paragraph(f"Reference scores are of the cases with a true label: {known}.")]


def _is_one_of_several(row: Row) -> bool:
    """Tell whether the row is of one model of a generation that also has a ``mean`` row."""
    return bool(row["model"].startswith(("fold-", "model-")))


def _score_columns(rows: Sequence[Row]) -> list[Column]:
    columns = []
    for cases in SETS:
        of_set = [row for row in rows if row["set"] == cases]
        if any(row["cases"] < row["of"] for row in of_set):
            columns.append(Column(_CASES, "count", cases))
        names = {name for row in of_set for name in row["metrics"]}
        columns += [metric_column(name, cases) for name in ordered(names, first_metrics(rows))]
    return columns


def _by_line(rows: Iterable[Row]) -> dict[Line, dict[tuple[str, str], Cell]]:
    """Put scores by (set, metric) into lines, in the rows' order."""
    lines: dict[Line, dict[tuple[str, str], Any]] = {}
    for row in rows:
        cells = lines.setdefault((row["generation"], row["model"], row["space"]), {})
        cells[row["set"], _CASES] = Part(row["cases"], row["of"])
        cells |= {(row["set"], name): value for name, value in row["metrics"].items()}
    return lines
