"""The Markdown of a document is what it says, and nothing in a cell breaks its table."""

from __future__ import annotations

from ssl_seg.report.document import Heading, Items, Paragraph
from ssl_seg.report.render.markdown import markdown
from ssl_seg.report.table import Column, Table

COLUMNS = (Column("run"), Column("mIoU", "score", "test"))


def test_blocks_stand_one_below_the_other():
    blocks = [
        Heading("Report", 1),
        Paragraph("Some words."),
        Heading("Runs"),
        Items(("one", "two")),
        Table(COLUMNS, (("atso", 41.234), ("stso", None)), "What came out:"),
    ]
    assert (
        markdown(blocks)
        == """# Report

Some words.

## Runs

- one
- two

What came out:

| run   |   test mIoU |
|-------|-------------|
| atso  |       41.23 |
| stso  |           – |
"""
    )


def test_a_pipe_in_a_cell_does_not_end_it():
    text = markdown([Table(COLUMNS, (("a|b", 1.0),))])
    assert r"a\|b" in text


def test_a_table_without_rows_has_its_columns():
    assert markdown([Table(COLUMNS, ())]).splitlines() == [
        "| run   | test mIoU   |",
        "|-------|-------------|",
    ]
