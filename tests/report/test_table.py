"""Tables are whole: each row has a cell under each column."""

from __future__ import annotations

from statistics import fmean, stdev

import pytest

from ssl_seg.report.table import Column, Spread, Table


@pytest.mark.parametrize("row", [(1,), (1, 2, 3)])
def test_a_row_has_as_many_cells_as_there_are_columns(row):
    with pytest.raises(ValueError, match=rf"row 1 has {len(row)} cells under 2 columns"):
        Table((Column("a"), Column("b")), ((1, 2), row))


def test_a_spread_is_that_of_a_sample():
    assert Spread.of([1.0, 2.0, 6.0]) == Spread(fmean([1, 2, 6]), stdev([1, 2, 6]))
    assert Spread.of([1.0]) == Spread(1.0, None)


def test_a_column_s_title_holds_what_it_is_of():
    assert Column("mIoU", "score", "test").title == "test mIoU"
    assert Column("coverage", "share", unit="%").title == "coverage %"
    assert Column("").title == ""
