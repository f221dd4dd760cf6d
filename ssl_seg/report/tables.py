"""Tables for people: Markdown that also reads well on a screen.

No table marks a best line: nothing is chosen on the test set.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from tabulate import tabulate

from ssl_seg.report.rows import Row, mean_of_known
from ssl_seg.report.runs import Run, schedule

SETS = ("test", "validation", "reference")
"""Sets in the order of the columns."""

_FIRST_METRICS = ("mIoU", "mAcc", "aAcc", "mDice", "case mDSC", "global mDSC")
_FIRST_CLASS_SCORES = ("IoU", "Dice", "case DSC", "global DSC")
_COUNTS = ("missed", "spurious")
"""Scores that are numbers of cases."""

_UNKNOWN = "–"


def run_table(runs: Sequence[Run]) -> str:
    """Return one line per run: what was trained in total."""
    lines = [
        [run["name"], schedule(run), run["seed"], run["trained_models"], run["trained_iterations"]]
        for run in runs
    ]
    headers = ["run", "schedule", "seed", "trained models", "trained iterations"]
    return _table(headers, lines, texts=2)


def generation_table(rows: Sequence[Row]) -> str:
    """Return one run's scores, a line per generation and model, and below it absent classes."""
    spaces = len({row["space"] for row in rows}) > 1
    columns = _columns(rows)
    lines = [
        [*line[: 2 + spaces], *(_score(column[1], cells.get(column)) for column in columns)]
        for line, cells in _by_line(rows).items()
    ]
    headers = ["generation", "model", *(["space"] if spaces else [])]
    headers += [f"{cases} {metric}" for cases, metric in columns]
    return "\n\n".join(
        [_table(headers, lines, texts=len(headers) - len(columns)), *_absences(rows)]
    )


def size_note(rows: Sequence[Row]) -> str:
    """Say which of a run's sets were scored at a reduced size; empty where none was."""
    reduced = {row["set"]: row for row in rows if row["reduced"]}
    parts = [f"{row['reduced']} of {row['cases']} {cases} cases" for cases, row in reduced.items()]
    if not parts:
        return ""
    side = next(iter(reduced.values()))["max_side"]
    return f"Scored at a reduced size, the longer side {side} pixels: {', '.join(parts)}."


def summary_table(rows: Sequence[Row], runs: Sequence[Run]) -> str:
    """Return the first metric by label and generation: mean and standard deviation over seeds.

    A generation of several models is represented by their mean. The deviation is that of a sample
    (n - 1) and is left out for one seed.
    """
    labels = {run["name"]: run["label"] for run in runs}
    metric = _ordered({name for row in rows for name in row["metrics"]}, _first(rows))[0]
    sets = [cases for cases in SETS if any(row["set"] == cases for row in rows)]
    cells: dict[tuple[str, str, str], dict[str, list[float]]] = {}
    for row in rows:
        value = row["metrics"].get(metric)
        if row["model"].startswith("fold-") or value is None:
            continue
        generation = "final" if row["model"] == "final" else str(row["generation"])
        line = (labels[row["run"]], generation, row["space"])
        cells.setdefault(line, defaultdict(list))[row["set"]].append(value)
    lines = [
        [*line, max(map(len, values.values())), *(_spread(values[cases]) for cases in sets)]
        for line, values in sorted(cells.items(), key=lambda cell: cell[0][0])
    ]
    headers = ["run", "generation", "space", "seeds", *(f"{cases} {metric}" for cases in sets)]
    return _table(headers, lines, texts=3)


def class_tables(rows: Sequence[Row], runs: Sequence[Run]) -> list[str]:
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


def pseudo_label_table(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return one line per set of pseudo labels of one run; shares in per cent where stated."""
    spaces = len({entry["space"] for entry in entries}) > 1
    confident = any(entry["confidence"] is not None for entry in entries)
    read = any(entry["read_by"] for entry in entries)
    lines = [
        [
            entry["generation"],
            _teacher(entry),
            *([entry["space"]] if spaces else []),
            entry["cases"],
            *([_number(_percent(entry["confidence"]))] if confident else []),
            *([_coverage(entry)] if read else []),
        ]
        for entry in entries
    ]
    texts = ["generation", "teacher", *(["space"] if spaces else [])]
    shares = ["confidence %"] * confident + ["coverage %"] * read
    headers = [*texts, "cases", *shares]
    return _table(headers, lines, len(texts))


def class_share_table(entry: Mapping[str, Any]) -> str:
    """Return one line per class: its per cent of S and of each generation's pseudo labels."""
    columns = [entry["labeled"], *(made["shares"] for made in entry["generations"])]
    lines = [[name, *(_share(column[name]) for column in columns)] for name in entry["labeled"]]
    headers = ["% of the pixels", "S", *map(_generation, entry["generations"])]
    return _table(headers, lines, texts=1)


def vanished_list(entry: Mapping[str, Any]) -> str:
    """Return a line per generation whose pseudo labels have lost classes; empty if none has."""
    lost = [made for made in entry["generations"] if made["vanished"]]
    return "\n".join(f"- {_generation(made)}: {', '.join(made['vanished'])}" for made in lost)


def _coverage(entry: Mapping[str, Any]) -> str:
    """Write the share that the readers of some labels kept, as a range where they differ."""
    shares = [100 * reader["coverage"] for reader in entry["read_by"]]
    if not shares:
        return _UNKNOWN
    return "–".join(dict.fromkeys(_number(share) for share in (min(shares), max(shares))))


def _teacher(entry: Mapping[str, Any]) -> str:
    if entry["role"] == "final":
        return "final"
    return "single" if entry["fold"] is None else f"fold-{entry['fold']}"


def _generation(made: Mapping[str, Any]) -> str:
    return f"generation {made['generation']}{' final' if made['role'] == 'final' else ''}"


def _class_table(rows: Sequence[Row], labels: Mapping[str, str]) -> str:
    stated = {name for scores in rows[0]["classes"].values() for name in scores}
    # The mean over classes is named after the score: case mDSC, case DSC.
    first = [name.replace(" m", " ") for name in _first(rows)]
    score = _ordered(stated, (*first, *_FIRST_CLASS_SCORES))[0]
    columns: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        columns[labels[row["run"]]].append(row["classes"])
    lines = [
        [name, *(_number(mean_of_known(c[name][score] for c in of)) for of in columns.values())]
        for name in rows[0]["classes"]
    ]
    return _table([f"{score} of", *columns], lines, texts=1)


def _by_line(rows: Iterable[Row]) -> dict[tuple[int, str, str], dict[tuple[str, str], Any]]:
    """Put scores by (set, metric) into lines by (generation, model, space), in the rows' order."""
    lines: dict[tuple[int, str, str], dict[tuple[str, str], Any]] = {}
    for row in rows:
        cells = lines.setdefault((row["generation"], row["model"], row["space"]), {})
        cells |= {(row["set"], name): value for name, value in row["metrics"].items()}
    return lines


def _columns(rows: Sequence[Row]) -> list[tuple[str, str]]:
    stated = {(row["set"], name) for row in rows for name in row["metrics"]}
    return [
        (cases, metric)
        for cases in SETS
        for metric in _ordered({name for home, name in stated if home == cases}, _first(rows))
    ]


def _absences(rows: Sequence[Row]) -> list[str]:
    """Say which classes were left out of which lines' means."""
    notes = []
    for cases in SETS:
        scored = [row for row in rows if row["set"] == cases]
        lines: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for row in scored:
            if row["absent"]:
                lines[tuple(row["absent"])].append(f"{row['generation']} {row['model']}")
        for absent, found in lines.items():
            where = "" if len(found) == len(scored) else f" ({', '.join(found)})"
            notes.append(f"- {cases}{where}: {', '.join(absent)}")
    if not notes:
        return []
    return ["Absent from truth and prediction, so left out of the means:", "\n".join(notes)]


def _ordered(names: Iterable[str], first: Sequence[str]) -> list[str]:
    """Return the well-known names in their order, then all others sorted."""
    found = set(names)
    return [name for name in first if name in found] + sorted(found - set(first))


def _first(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the metrics that come first, before them those that the config names."""
    named = [row["first"] for row in rows if row["first"] is not None]
    return tuple(dict.fromkeys((*named, *_FIRST_METRICS)))


def _score(name: str, value: float | None) -> str:
    """Write a score; a number of cases is whole, its mean over models need not be."""
    return f"{value:g}" if name in _COUNTS and value is not None else _number(value)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _number(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    """Write a share in per cent that tells hardly any from none."""
    return "<0.01" if value and value < 0.0001 else _number(None if value is None else 100 * value)


def _spread(values: Sequence[float]) -> str:
    if len(values) < 2:
        return _number(values[0] if values else None)
    return f"{fmean(values):.2f} ± {stdev(values):.2f}"


def _table(headers: Sequence[str], lines: Sequence[Sequence[Any]], texts: int) -> str:
    """Draw a table whose first ``texts`` columns are left-aligned and the others right-aligned."""
    align = ["left"] * texts + ["right"] * (len(headers) - texts)
    return tabulate(lines, headers, tablefmt="github", disable_numparse=True, colalign=align)
