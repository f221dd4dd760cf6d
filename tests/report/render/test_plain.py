"""As plain data a table keeps the types of its cells."""

from __future__ import annotations

import json

from ssl_seg.report.render.plain import plain_table
from ssl_seg.report.table import Column, Part, Range, Spread, Table


def test_cells_keep_their_values():
    table = Table(
        (Column("run"), Column("coverage", "share", "reference", "%")),
        (
            ("a", 0.123456789),
            ("b", None),
            ("c", Range(0.5, 0.75)),
            ("d", Spread(0.5, None)),
            ("e", Part(1, 2)),
        ),
        "What was kept:",
    )
    assert json.loads(json.dumps(plain_table(table))) == {
        "caption": "What was kept:",
        "columns": [
            {"name": "run", "kind": "text", "group": "", "unit": ""},
            {"name": "coverage", "kind": "share", "group": "reference", "unit": "%"},
        ],
        "rows": [
            ["a", 0.123456789],
            ["b", None],
            ["c", {"low": 0.5, "high": 0.75}],
            ["d", {"mean": 0.5, "deviation": None}],
            ["e", {"number": 1, "of": 2}],
        ],
    }
