"""The list of breaks does not rot; `run.py` makes the breaks themselves."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

_spec = importlib.util.spec_from_file_location("breaks_run", HERE / "run.py")
run = importlib.util.module_from_spec(_spec)
sys.modules["breaks_run"] = run  # dataclasses look their module up
_spec.loader.exec_module(run)

BREAKS = run.read_breaks()


def test_there_are_at_least_forty_under_names_of_their_own():
    assert len({one.name for one in BREAKS}) == len(BREAKS) >= 40


def test_each_break_still_finds_its_text_once_and_stays_python():
    problems = []
    for one in BREAKS:
        try:
            ast.parse(one.applied((ROOT / one.file).read_text(encoding="utf-8")))
        except (LookupError, OSError, SyntaxError) as error:
            problems.append(f"{one.name}: {error}")
    assert not problems


def test_each_break_names_tests_that_there_are():
    missing = []
    for test in sorted({test for one in BREAKS for test in one.tests}):
        path, _, name = test.partition("::")
        if not (ROOT / path).exists():
            missing.append(path)
        elif name and f"def {name.partition('[')[0]}(" not in (ROOT / path).read_text("utf-8"):
            missing.append(test)
    assert not missing


def test_a_text_that_is_not_there_once_is_an_error():
    one = run.Break("nothing", "a.py", "x = 1", "x = 2", ())
    assert one.applied("x = 1\n") == "x = 2\n"
    for source in ("y = 1\n", "x = 1\nx = 1\n"):
        with pytest.raises(LookupError, match="not once"):
            one.applied(source)
