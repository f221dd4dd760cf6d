"""On a terminal a table is its columns side by side."""

from __future__ import annotations

from ssl_seg.report.render.terminal import terminal
from ssl_seg.report.table import Column, Table

COLUMNS = (Column("", "count"), Column("stage"), Column("size", "count"))


def test_numbers_are_on_the_right_and_texts_on_the_left():
    table = Table(COLUMNS, ((1, "train", 200000), (10, "label 7", 7)))
    assert terminal(table).splitlines() == [
        "    stage      size",
        "--  -------  ------",
        " 1  train    200000",
        "10  label 7       7",
    ]


def test_what_looks_like_a_number_stays_a_text():
    assert terminal(Table((Column("fingerprint"),), (("1e5",),))).splitlines()[-1].strip() == "1e5"


def test_the_caption_stands_above():
    table = Table(COLUMNS, ((1, "train", 2),), "What is to do:")
    assert terminal(table).startswith("What is to do:\n\n")
