"""Pseudo labels are shown with what is known of them, and with the classes that they lost."""

from __future__ import annotations

import pytest

from ssl_seg.report.document import Items
from ssl_seg.report.pseudo_label_tables import (
    class_share_blocks,
    class_share_table,
    pseudo_label_table,
)
from ssl_seg.report.pseudo_labels import pseudo_labels
from ssl_seg.report.table import Column, Range


@pytest.fixture
def entries(finished):
    return [entry for entry in pseudo_labels(finished) if entry["run"] == "atso-seed0"]


def test_labels_are_shown_with_what_is_known_of_them(entries):
    table = pseudo_label_table(entries)
    assert [column.title for column in table.columns] == [
        "generation",
        "teacher",
        "cases",
        "confidence %",
        "coverage %",
    ]
    assert table.rows[0] == (0, "single", 4, 0.75, Range(1.0, 1.0))
    last = {**entries[-1], "space": "coarse", "role": "final", "fold": None}
    table = pseudo_label_table([*entries, last])
    assert table.columns[2] == Column("space")
    assert [row[1:3] for row in table.rows] == [
        ("single", "street"),
        ("fold-0", "street"),
        ("fold-1", "street"),
        ("final", "coarse"),
    ]


def test_what_no_artifact_states_has_no_column(entries):
    unknown = [{**entry, "confidence": None, "read_by": []} for entry in entries]
    names = [column.name for column in pseudo_label_table(unknown).columns]
    assert names == ["generation", "teacher", "cases"]


def test_coverage_is_a_range_over_the_trainings_that_read_the_labels(entries):
    first, *rest = entries
    readers = [{"coverage": 0.8}, {"coverage": 0.6}]
    unread, *_ = rest
    table = pseudo_label_table([{**first, "read_by": readers}, {**unread, "read_by": []}])
    assert [row[-1] for row in table.rows] == [Range(0.6, 0.8), None]


def shares(**generations):
    """Return class shares of a space of three classes, by generation."""
    made = [
        {
            "generation": at,
            "role": role,
            "shares": dict(zip("abc", values, strict=True)),
            "vanished": list(lost),
        }
        for at, (role, (values, lost)) in enumerate(generations.items())
    ]
    labeled = {"a": 0.9, "b": 0.1, "c": 0.0}
    return {"run": "x", "space": "abc", "labeled": labeled, "generations": made}


def test_classes_are_shown_by_generation_beside_the_labeled_set():
    entry = shares(
        initial=((0.95, 0.05, 0.0), ""),
        student=((0.99996, 0.00004, 0.0), "b"),
        final=((None,) * 3, ""),
    )
    table = class_share_table(entry)
    assert [column.title for column in table.columns] == [
        "% of the pixels",
        "S",
        "generation 0",
        "generation 1",
        "generation 2 final",
    ]
    assert table.rows == (
        ("a", 0.9, 0.95, 0.99996, None),
        ("b", 0.1, 0.05, 0.00004, None),
        ("c", 0.0, 0.0, 0.0, None),
    )


def test_vanished_classes_are_listed_by_generation():
    entry = shares(initial=((1, 0, 0), ""), student=((1, 0, 0), "b"), final=((0, 0, 1), "ab"))
    table, text, items = class_share_blocks(entry)
    assert table == class_share_table(entry)
    assert "have vanished from the pseudo labels (less than 1/100" in text.text
    assert items == Items(("generation 1: b", "generation 2 final: a, b"))
    assert len(class_share_blocks(shares(initial=((1, 0, 0), "")))) == 1
