"""Numbers are written by what they are."""

from __future__ import annotations

import pytest

from ssl_seg.report.render.cells import cell_text
from ssl_seg.report.table import Part, Range, Spread


@pytest.mark.parametrize(
    ("cell", "kind", "text"),
    [
        ("final", "text", "final"),
        (3, "text", "3"),
        (120000, "count", "120000"),
        (1.5, "count", "1.5"),
        (3, "score", "3.00"),
        (41.2345, "score", "41.23"),
        (0.99996, "share", "100.00"),
        (0.0001, "share", "0.01"),
        (0.00004, "share", "<0.01"),
        (0.0, "share", "0.00"),
        (None, "score", "–"),
        (Spread(41.2345, None), "score", "41.23"),
        (Spread(41.2345, 0.5), "score", "41.23 ± 0.50"),
        (Range(0.6, 0.8), "share", "60.00–80.00"),
        (Range(0.6, 0.600001), "share", "60.00"),
        (Part(120, 330), "count", "120 of 330"),
    ],
)
def test_cells_are_written_by_their_kind(cell, kind, text):
    assert cell_text(cell, kind) == text
