"""Scores by class: means over seeds, and one table per space."""

from __future__ import annotations

from statistics import fmean

from ssl_seg.report.class_tables import class_table, class_tables
from ssl_seg.report.rows import rows
from ssl_seg.report.runs import runs
from ssl_seg.report.table import Column


def test_final_models_are_shown_by_class(finished):
    (table,) = class_tables(rows(finished), runs(finished))
    assert [column.title for column in table.columns] == ["IoU of", "atso", "stso"]
    assert [row[0] for row in table.rows] == ["road", "car", "tram"]
    assert table.rows[2][1:] == (None, None)
    values = [
        row["classes"]["car"]["IoU"]
        for row in rows(finished)
        if (row["scheduler"], row["model"]) == ("STSO", "final")
    ]
    assert table.rows[1][2] == fmean(values)


def test_spaces_of_one_name_and_other_classes_have_tables_of_their_own(finished):
    final = [row for row in rows(finished) if row["model"] == "final" and row["set"] == "test"]
    other = {**final[1], "classes": {"tree": {"IoU": 7.0}}}
    first, second = class_tables([final[0], other], runs(finished))
    assert first.rows[0][0] == next(iter(final[0]["classes"]))
    assert second.rows == (("tree", 7.0),)


def test_one_stage_s_scores_are_all_shown_in_the_order_of_the_space():
    scores = {
        "space": {"classes": ["sky", "background", "ape"]},
        "classes": {"ape": {"missed": 2, "DSC": None}, "sky": {"missed": 0, "DSC": 81.0}},
    }
    table = class_table(scores)
    assert table.columns == (Column("class"), Column("DSC", "score"), Column("missed", "count"))
    assert table.rows == (("sky", 81.0, 0), ("ape", None, 2))
