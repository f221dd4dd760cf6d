"""In which order metrics are shown, and what kind of numbers they state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ssl_seg.report.rows import Row
from ssl_seg.report.table import Column

_FIRST_METRICS = ("mIoU", "mAcc", "aAcc", "mDice", "case mDSC", "global mDSC")
_COUNTS = ("missed", "spurious")
"""Scores that are numbers of cases."""


def metric_column(name: str, group: str = "") -> Column:
    """Return the column of a metric."""
    return Column(name, "count" if name in _COUNTS else "score", group)


def first_metrics(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the metrics that come first, before them those that the config names."""
    named = [row["first"] for row in rows if row["first"] is not None]
    return tuple(dict.fromkeys((*named, *_FIRST_METRICS)))


def ordered(names: Iterable[str], first: Sequence[str]) -> list[str]:
    """Return the well-known names in their order, then all others sorted."""
    found = set(names)
    return [name for name in first if name in found] + sorted(found - set(first))
