"""Score tables hold the rows' numbers, say what was left out, and favour no row."""

from __future__ import annotations

from statistics import fmean, stdev

import pytest

from ssl_seg.report.document import Items, Paragraph
from ssl_seg.report.rows import rows
from ssl_seg.report.runs import runs
from ssl_seg.report.score_tables import (
    absence_blocks,
    generation_table,
    size_blocks,
    summary_table,
    truth_blocks,
)
from ssl_seg.report.table import Column, Part, Spread


@pytest.fixture
def own(finished):
    """The rows of one run of ATSO."""
    return [row for row in rows(finished) if row["run"] == "atso-seed0"]


def of_set(own, name, **changes):
    return [{**row, **changes} if row["set"] == name else row for row in own]


def test_a_row_per_generation_and_model_with_test_and_reference(own):
    table = generation_table(own)
    metrics = ["mIoU", "mAcc", "aAcc", "mDice"]
    assert [(column.group, column.name) for column in table.columns] == [
        ("", "generation"),
        ("", "model"),
        *(("test", name) for name in metrics),
        *(("reference", name) for name in metrics),
    ]
    assert [row[:2] for row in table.rows] == [
        (0, "single"),
        (1, "fold-0"),
        (1, "fold-1"),
        (1, "mean"),
        (1, "final"),
    ]
    assert table.rows[0][2] == own[0]["metrics"]["mIoU"]
    assert table.rows[0][6] == own[1]["metrics"]["mIoU"]
    assert table.rows[-1][6:] == (None,) * 4


def test_counts_of_cases_are_no_scores(own):
    counted = [{**row, "metrics": {**row["metrics"], "missed": 3}} for row in own]
    kinds = {column.name: column.kind for column in generation_table(counted).columns}
    assert (kinds["missed"], kinds["mIoU"]) == ("count", "score")


def test_the_main_metric_comes_first(own):
    named = [{**row, "first": "mDice"} for row in own]
    assert generation_table(named).columns[2] == Column("mDice", "score", "test")


def test_absent_classes_are_named(own):
    text, items = absence_blocks(own)
    assert "left out of the means" in text.text
    assert items == Items(("test: tram", "reference: tram"))
    own[0]["absent"] = []
    _, items = absence_blocks(own)
    assert items.texts[0] == "test (1 fold-0, 1 fold-1, 1 mean, 1 final): tram"
    assert absence_blocks([{**row, "absent": []} for row in own]) == []


def test_spaces_are_told_apart_where_there_are_several(own):
    test = [row for row in own if row["set"] == "test"]
    table = generation_table([*test, *({**row, "space": "coarse"} for row in test)])
    assert table.columns[2] == Column("space")
    assert len(table.rows) == 2 * len(test)


def test_the_summary_is_over_seeds(finished):
    found = rows(finished)
    table = summary_table(found, runs(finished))
    assert [column.title for column in table.columns[3:]] == [
        "seeds",
        "test mIoU",
        "reference mIoU",
    ]
    line = next(row for row in table.rows if row[:2] == ("atso", "1"))
    values = [
        row["metrics"]["mIoU"]
        for row in found
        if (row["scheduler"], row["generation"], row["model"], row["set"])
        == ("ATSO", 1, "mean", "test")
    ]
    assert len(values) == 2
    assert line[3:5] == (2, Spread(fmean(values), stdev(values)))
    assert [row[1] for row in table.rows] == ["0", "1", "final"] * 2


def test_of_several_models_only_their_mean_is_summed_up(finished):
    found = rows(finished)
    renamed = [{**row, "model": row["model"].replace("fold-", "model-")} for row in found]
    assert summary_table(renamed, runs(finished)) == summary_table(found, runs(finished))


def test_one_seed_has_no_deviation(finished):
    found = [row for row in rows(finished) if row["seed"] == 0]
    spreads = [row[4] for row in summary_table(found, runs(finished)).rows]
    assert {spread.deviation for spread in spreads} == {None}


def test_sets_that_were_scored_at_a_reduced_size_are_named(own):
    assert size_blocks(own) == []
    (note,) = size_blocks(of_set(own, "test", max_side=640, reduced=2))
    assert note == Paragraph(
        "Scored at a reduced size, the longer side 640 pixels: 2 of 3 test cases."
    )


def test_it_says_how_many_cases_have_a_truth_where_not_all_have(own):
    assert truth_blocks(own) == []
    assert "cases" not in [column.name for column in generation_table(own).columns]
    partial = of_set(own, "reference", cases=3, of=4)
    table = generation_table(partial)
    at = table.columns.index(Column("cases", "count", "reference"))
    assert table.columns[at + 1] == Column("mIoU", "score", "reference")
    assert [row[at] for row in table.rows] == [Part(3, 4)] * 4 + [None]
    assert truth_blocks(partial) == [
        Paragraph("Reference scores are of the cases with a true label: 3 of 4.")
    ]


def test_seeds_whose_reference_sets_differ_are_all_named(own):
    first, second = (of_set(own, "reference", cases=n, of=4) for n in (3, 2))
    (note,) = truth_blocks([*first, *second])
    assert note.text.endswith(": 3 of 4 or 2 of 4.")
