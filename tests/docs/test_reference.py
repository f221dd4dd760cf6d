"""The tables of config keys in the pages are those of the code."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from ssl_seg.config.keys import KEYS

DOCS = Path(__file__).parents[2] / "docs"
SCRIPT = DOCS / "write_reference.py"
PAGES = [path for path in sorted(DOCS.glob("*.md")) if "<!-- keys: " in path.read_text()]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_tables_are_current(page):
    with_tables = runpy.run_path(str(SCRIPT))["with_tables"]
    text = page.read_text()
    assert with_tables(text) == text, f"run python {SCRIPT.relative_to(DOCS.parent)}"


def test_all_keys_and_the_unused_ones_are_in_the_reference():
    assert re.findall(r"<!-- keys: (\S+) -->", (DOCS / "config.md").read_text()) == [
        "all",
        "unused",
    ]


def test_a_table_that_lags_behind_is_noticed():
    with_tables = runpy.run_path(str(SCRIPT))["with_tables"]
    name = next(key.name for key in KEYS if key.keys)
    old = f"before\n<!-- keys: {name} -->\n| key |\n<!-- end of keys -->\nafter\n"
    new = with_tables(old)
    assert new.startswith(f"before\n<!-- keys: {name} -->\n| key | default | meaning |\n")
    assert new.endswith("|\n<!-- end of keys -->\nafter\n")
