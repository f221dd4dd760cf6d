"""Blocks as Markdown that also reads well as plain text."""

from __future__ import annotations

from collections.abc import Iterable

from tabulate import tabulate

from ssl_seg.report.document import Block, Heading, Items, Paragraph
from ssl_seg.report.render.cells import cell_text
from ssl_seg.report.table import Table


def markdown(blocks: Iterable[Block]) -> str:
    """Return a document, with a line end at its end."""
    return "\n\n".join(map(_block, blocks)) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {text}"
        case Paragraph(text):
            return text
        case Items(texts):
            return "\n".join(f"- {text}" for text in texts)
        case Table():
            return "\n\n".join([*([block.caption] if block.caption else []), _table(block)])


def _table(table: Table) -> str:
    kinds = [column.kind for column in table.columns]
    lines = [
        # A pipe would end the cell.
        [cell_text(cell, kind).replace("|", r"\|") for cell, kind in zip(row, kinds, strict=True)]
        for row in table.rows
    ]
    return tabulate(
        lines,
        [column.title for column in table.columns],
        tablefmt="github",
        disable_numparse=True,
        colalign=["right" if column.is_number else "left" for column in table.columns],
    )
