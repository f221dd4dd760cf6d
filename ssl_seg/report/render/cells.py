"""Cells of a table as text for people."""

from __future__ import annotations

from ssl_seg.report.table import Cell, Kind, Part, Range, Spread

UNKNOWN = "–"


def cell_text(cell: Cell, kind: Kind) -> str:
    """Write a cell.

    >>> cell_text(41.234, "score"), cell_text(0.5, "share"), cell_text(None, "count")
    ('41.23', '50.00', '–')
    """
    if cell is None:
        return UNKNOWN
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Part):
        return f"{cell.number} of {cell.of}"
    if isinstance(cell, Range):
        ends = (_number(end, kind) for end in (cell.low, cell.high))
        return "–".join(dict.fromkeys(ends))
    if isinstance(cell, Spread):
        mean = _number(cell.mean, kind)
        return mean if cell.deviation is None else f"{mean} ± {_number(cell.deviation, kind)}"
    return _number(cell, kind)


def _number(value: float, kind: Kind) -> str:
    if kind == "share":
        # Hardly any is not none.
        return "<0.01" if 0 < value < 0.0001 else f"{100 * value:.2f}"
    # The mean of counts need not be whole.
    return f"{value:.2f}" if kind == "score" else f"{value:g}"
