"""Each run states what it trains in total."""

from __future__ import annotations

from ssl_seg.report.run_table import run_table
from ssl_seg.report.runs import runs


def test_each_run_states_what_was_trained_in_total(finished):
    table = run_table(runs(finished))
    assert [column.name for column in table.columns[3:]] == [
        "trained models",
        "trained iterations",
    ]
    # ATSO trains an initial model, one per fold, and a final one.
    assert table.rows[0] == ("atso-seed0", "ATSO(folds=2, generations=1)", 0, 4, 160)
    assert table.rows[2][3:] == (2, 80)
