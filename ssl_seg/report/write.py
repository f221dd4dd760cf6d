"""The report's files, and the same text for the screen."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ssl_seg.core.class_shares import TIMES_RARER
from ssl_seg.report.class_shares import class_shares
from ssl_seg.report.pseudo_labels import pseudo_labels
from ssl_seg.report.rows import Row, pending, rows
from ssl_seg.report.runs import Run, runs, schedule
from ssl_seg.report.tables import (
    class_share_table,
    class_tables,
    generation_table,
    pseudo_label_table,
    run_table,
    size_note,
    summary_table,
    vanished_list,
)
from ssl_seg.store import atomic
from ssl_seg.store.store import Store

FORMAT = 2
_MOST_CLASSES = 30
"""A longer table of class shares stands in ``report.json`` only."""

_PACKAGES = ("ssl-seg", "torch", "mmengine", "mmsegmentation", "numpy", "opencv-python", "pillow")


def write_report(store: Store) -> str:
    """Write ``report/report.md`` and ``report/report.json`` into the work dir.

    It can be written at any time; what is not finished yet is counted as pending.

    Returns:
        The text of ``report.md``.
    """
    written = pseudo_labels(store)
    content = {
        "format": FORMAT,
        "rows": rows(store),
        "runs": runs(store),
        "pseudo_labels": written,
        "class_shares": class_shares(store, written),
        "pending": pending(store),
        "versions": _versions(),
    }
    text = "\n\n".join(_sections(content)) + "\n"
    folder = store.work_dir / "report"
    atomic.write_json(folder / "report.json", content)
    atomic.write_bytes(folder / "report.md", text.encode())
    return text


def _sections(content: dict[str, Any]) -> Iterator[str]:
    """Yield the parts of the text, blank lines between them to be added."""
    found: list[Row] = content["rows"]
    listed: list[Run] = content["runs"]
    yield "# Report"
    yield _units(found)
    if content["pending"]:
        yield (
            f"{content['pending']} of {content['pending'] + len(found)} scores are not there yet."
        )
    if listed:
        yield "## Runs"
        yield run_table(listed)
    if found and len(listed) > 1:
        yield "## All runs by generation"
        yield (
            "Mean ± standard deviation over seeds; a generation of several models is represented "
            "by their mean."
        )
        yield summary_table(found, listed)
    for run in listed:
        yield from _run_section(run, found, content["pseudo_labels"])
        for shares in content["class_shares"]:
            if shares["run"] == run["name"]:
                yield from _share_section(shares)
    if tables := class_tables(found, listed):
        yield "## Final models on the test set by class"
        yield from tables
    yield "## Versions"
    yield ", ".join(f"{name} {number}" for name, number in content["versions"].items())


def _units(found: Sequence[Row]) -> str:
    """Say what the numbers mean."""
    text = (
        "IoU, Dice and accuracy (Acc) are in per cent; a leading m is the mean over classes, aAcc "
        "is over all pixels."
    )
    if any(row["first"] for row in found):
        text += (
            " DSC is Dice: the mean over cases, or of all cases together (global), without the "
            "background."
        )
    if units := {row["distance_unit"] for row in found} - {None}:
        text += (
            f" HD95 and ASSD are in {' or '.join(sorted(units))}, over the cases in which a class "
            "is both true and predicted; missed and spurious count the others."
        )
    return text


def _run_section(run: Run, found: Sequence[Row], labels: Sequence[dict[str, Any]]) -> Iterator[str]:
    own = [row for row in found if row["run"] == run["name"]]
    written = [entry for entry in labels if entry["run"] == run["name"]]
    if not own and not written:
        return
    yield f"## {run['name']}: {schedule(run)}, seed {run['seed']}"
    if run["notes"]:
        yield "\n".join(f"- {note}" for note in run["notes"])
    if own:
        yield generation_table(own)
        if note := size_note(own):
            yield note
    if written:
        yield "Pseudo labels of the reference set:"
        yield pseudo_label_table(written)


def _share_section(shares: dict[str, Any]) -> Iterator[str]:
    if len(shares["labeled"]) <= _MOST_CLASSES:
        yield (
            f"Classes of {shares['space']!r} in the labeled set S and in the pseudo labels of the "
            "reference set:"
        )
        yield class_share_table(shares)
    if lost := vanished_list(shares):
        yield (
            f"Classes of {shares['space']!r} that have vanished from the pseudo labels (less than "
            f"1/{TIMES_RARER} of their share of S):"
        )
        yield lost


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a fork of the same import name may stand in for it
            continue
    return found
