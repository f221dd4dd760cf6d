"""The report's files, and the same text for the screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ssl_seg.report.class_shares import class_shares
from ssl_seg.report.document import Block, Heading
from ssl_seg.report.pseudo_labels import pseudo_labels
from ssl_seg.report.render.markdown import markdown
from ssl_seg.report.render.plain import plain_table
from ssl_seg.report.rows import pending, rows
from ssl_seg.report.runs import runs
from ssl_seg.report.sections import sections
from ssl_seg.report.table import Table
from ssl_seg.report.versions import versions
from ssl_seg.store import atomic
from ssl_seg.store.store import Store

FORMAT = 2


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
        "versions": versions(store),
    }
    blocks = list(sections(content))
    content["tables"] = list(_tables(blocks))
    text = markdown(blocks)
    folder = store.work_dir / "report"
    atomic.write_json(folder / "report.json", content)
    atomic.write_bytes(folder / "report.md", text.encode())
    return text


def _tables(blocks: Iterable[Block]) -> Iterator[dict[str, Any]]:
    """Yield each table as plain data, with the heading that it stands under."""
    section = ""
    for block in blocks:
        if isinstance(block, Heading):
            section = block.text
        elif isinstance(block, Table):
            yield {"section": section, **plain_table(block)}
