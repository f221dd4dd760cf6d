"""Tables for a terminal: columns side by side under a line."""

from __future__ import annotations

from tabulate import tabulate

from ssl_seg.report.render.cells import cell_text
from ssl_seg.report.table import Table


def terminal(table: Table) -> str:
    """Return a table below its caption, if it has one."""
    kinds = [column.kind for column in table.columns]
    lines = [
        [cell_text(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in table.rows
    ]
    drawn = tabulate(
        lines,
        [column.title for column in table.columns],
        tablefmt="simple",
        disable_numparse=True,
        colalign=["right" if column.is_number else "left" for column in table.columns],
    )
    return f"{table.caption}\n\n{drawn}" if table.caption else drawn
