"""A plan's table lists its stages and what is done of them."""

from __future__ import annotations

from ssl_seg.report.plan_table import plan_table
from ssl_seg.report.table import Column

STSO = {"type": "STSO", "generations": 1}


def test_a_row_per_stage_in_the_order_of_the_plan(benchmark):
    plan = benchmark.plan(STSO, 0)
    first = next(iter(plan.stages))
    table = plan_table(plan, {first})
    assert [column.name for column in table.columns] == [
        "",
        "kind",
        "stage",
        "size",
        "fingerprint",
        "",
    ]
    assert len(table.rows) == len(plan.stages)
    assert table.rows[0] == (1, "train", "train initial", 40, first[:8], "done")
    assert {row[-1] for row in table.rows[1:]} == {""}
    assert [row[0] for row in table.rows] == list(range(1, len(plan.stages) + 1))


def test_spaces_are_named_where_there_are_several(benchmark):
    phases = [
        {"scheduler": STSO, "space": "coarse"},
        {"scheduler": STSO, "pseudo_labels": "previous", "role": "guided"},
    ]
    table = plan_table(benchmark.plan({"type": "Curriculum", "phases": phases}, 0), set())
    assert table.columns[3] == Column("space")
    assert {row[3] for row in table.rows} == {"coarse", "street"}
