"""Tables as plain data, for JSON."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from typing import Any

from ssl_seg.report.table import Cell, Table


def plain_table(table: Table) -> dict[str, Any]:
    """Return ``caption``, ``columns`` and ``rows`` of a table.

    Columns are dicts of ``name``, ``kind``, ``group`` and ``unit``. A cell is a string, a number,
    ``None``, or a dict: ``mean`` and ``deviation``, ``low`` and ``high``, or ``number`` and ``of``.
    Shares are in [0, 1].
    """
    return {
        "caption": table.caption,
        "columns": [asdict(column) for column in table.columns],
        "rows": [[_plain(cell) for cell in row] for row in table.rows],
    }


def _plain(cell: Cell) -> Any:
    return asdict(cell) if is_dataclass(cell) else cell
