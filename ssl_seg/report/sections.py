"""The report's document: which blocks it has, in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ssl_seg.report.class_tables import class_tables
from ssl_seg.report.document import Block, Heading, Items, Paragraph
from ssl_seg.report.pseudo_label_tables import class_share_blocks, pseudo_label_table
from ssl_seg.report.rows import Row
from ssl_seg.report.run_table import run_table
from ssl_seg.report.runs import Run, schedule
from ssl_seg.report.score_tables import (
    absence_blocks,
    generation_table,
    size_blocks,
    summary_table,
    truth_blocks,
)


def sections(content: Mapping[str, Any]) -> Iterator[Block]:
    """Yield the blocks of the report.

    Args:
        content: ``rows``, ``runs``, ``pseudo_labels``, ``class_shares``, ``pending`` and
            ``versions``, as the modules of these names return them.
    """
    rows: list[Row] = content["rows"]
    runs: list[Run] = content["runs"]
    yield Heading("Report", 1)
    yield Paragraph(_units(rows))
    if pending := content["pending"]:
        yield Paragraph(f"{pending} of {pending + len(rows)} scores are not there yet.")
    if runs:
        yield Heading("Runs")
        yield run_table(runs)
    if rows and len(runs) > 1:
        yield Heading("All runs by generation")
        yield summary_table(rows, runs)
        yield from truth_blocks(rows)
    for run in runs:
        yield from _run(run, rows, content["pseudo_labels"])
        for shares in content["class_shares"]:
            if shares["run"] == run["name"]:
                yield from class_share_blocks(shares)
    if tables := class_tables(rows, runs):
        yield Heading("Final models on the test set by class")
        yield from tables
    yield from _versions(content["versions"])


def _versions(made_by: Mapping[str, Sequence[str]]) -> Iterator[Block]:
    """Say what computed the results; several versions of one package are all named."""
    if made_by:
        told = (f"{name} {' and '.join(numbers)}" for name, numbers in made_by.items())
        yield Heading("Versions")
        yield Paragraph(f"The finished stages were made by {', '.join(told)}.")


def _units(rows: Sequence[Row]) -> str:
    """Say what the numbers mean."""
    text = (
        "IoU, Dice and accuracy (Acc) are in per cent; a leading m is the mean over classes, aAcc "
        "is over all pixels."
    )
    if any(row["first"] for row in rows):
        text += (
            " DSC is Dice: the mean over cases, or of all cases together (global), without the "
            "background."
        )
    if units := {row["distance_unit"] for row in rows} - {None}:
        text += (
            f" HD95 and ASSD are in {' or '.join(sorted(units))}, over the cases in which a class "
            "is both true and predicted; missed and spurious count the others."
        )
    return text


def _run(run: Run, rows: Sequence[Row], labels: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    own = [row for row in rows if row["run"] == run["name"]]
    written = [entry for entry in labels if entry["run"] == run["name"]]
    if not own and not written:
        return
    yield Heading(f"{run['name']}: {schedule(run)}, seed {run['seed']}")
    if run["notes"]:
        yield Items(tuple(run["notes"]))
    if own:
        yield generation_table(own)
        yield from absence_blocks(own)
        yield from size_blocks(own)
    if written:
        yield pseudo_label_table(written)
