"""R's pseudo labels: who wrote them, how surely, and which classes they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ssl_seg.core.class_shares import TIMES_RARER
from ssl_seg.report.document import Block, Items, Paragraph
from ssl_seg.report.table import Column, Range, Table

_MOST_CLASSES = 30
"""A longer table of class shares stands in ``report.json`` only."""


def pseudo_label_table(entries: Sequence[Mapping[str, Any]]) -> Table:
    """Return a row per set of pseudo labels of one run; shares where stated.

    Coverage is a range where the trainings that learned from the labels kept different shares.
    """
    spaces = len({entry["space"] for entry in entries}) > 1
    confident = any(entry["confidence"] is not None for entry in entries)
    read = any(entry["read_by"] for entry in entries)
    columns = [
        Column("generation"),
        Column("teacher"),
        *([Column("space")] if spaces else []),
        Column("cases", "count"),
        *([Column("confidence", "share", unit="%")] if confident else []),
        *([Column("coverage", "share", unit="%")] if read else []),
    ]
    rows = tuple(
        (
            entry["generation"],
            _teacher(entry),
            *([entry["space"]] if spaces else []),
            entry["cases"],
            *([entry["confidence"]] if confident else []),
            *([_coverage(entry)] if read else []),
        )
        for entry in entries
    )
    return Table(tuple(columns), rows, "Pseudo labels of the reference set:")


def class_share_blocks(entry: Mapping[str, Any]) -> list[Block]:
    """Return the classes of S and of each generation's pseudo labels, and which have vanished."""
    blocks: list[Block] = []
    if len(entry["labeled"]) <= _MOST_CLASSES:
        blocks.append(class_share_table(entry))
    lost = [made for made in entry["generations"] if made["vanished"]]
    if lost:
        blocks += [
            Paragraph(
                f"Classes of {entry['space']!r} that have vanished from the pseudo labels (less "
                f"than 1/{TIMES_RARER} of their share of S):"
            ),
            Items(tuple(f"{_generation(made)}: {', '.join(made['vanished'])}" for made in lost)),
        ]
    return blocks


def class_share_table(entry: Mapping[str, Any]) -> Table:
    """Return a row per class: its share of S and of each generation's pseudo labels."""
    generations = entry["generations"]
    parts = [entry["labeled"], *(made["shares"] for made in generations)]
    names = ["S", *map(_generation, generations)]
    return Table(
        (Column("% of the pixels"), *(Column(name, "share") for name in names)),
        tuple((name, *(part[name] for part in parts)) for name in entry["labeled"]),
        f"Classes of {entry['space']!r} in the labeled set S and in the pseudo labels of the "
        "reference set:",
    )


def _coverage(entry: Mapping[str, Any]) -> Range | None:
    kept = [reader["coverage"] for reader in entry["read_by"]]
    return Range(min(kept), max(kept)) if kept else None


def _teacher(entry: Mapping[str, Any]) -> str:
    if entry["role"] == "final":
        return "final"
    return "single" if entry["fold"] is None else f"fold-{entry['fold']}"


def _generation(made: Mapping[str, Any]) -> str:
    return f"generation {made['generation']}{' final' if made['role'] == 'final' else ''}"
