"""Tests lie where what they test lies: tests/ mirrors ssl_seg/."""

from __future__ import annotations

from pathlib import Path

import ssl_seg

TESTS = Path(__file__).parent
SOURCES = Path(ssl_seg.__file__).parent

ROOMS_OF_THEIR_OWN = ("breaks", "contracts", "docs", "integration", "support")
"""What is promised by several rooms together is tested there."""

OF_THE_PROJECT = ("test_configs.py", "test_house.py", Path(__file__).name)
"""Tests of the package as a whole, and of folders beside it."""


def has_source(test: Path) -> bool:
    """Tell whether a test is named after a source file or folder, or begins with its name."""
    folder = SOURCES / test.parent
    names = {path.stem for path in folder.iterdir()} if folder.is_dir() else set()
    words = test.stem.removeprefix("test_").split("_")
    return any("_".join(words[:count]) in names for count in range(1, len(words) + 1))


def test_every_test_file_has_a_source_file_of_its_name():
    tests = (path.relative_to(TESTS) for path in TESTS.rglob("test_*.py"))
    strangers = [
        test.as_posix()
        for test in tests
        if test.parts[0] not in (*ROOMS_OF_THEIR_OWN, *OF_THE_PROJECT) and not has_source(test)
    ]
    assert not strangers


def test_a_name_that_no_source_has_is_noticed():
    assert has_source(Path("catalog/test_msd.py"))
    assert has_source(Path("catalog/test_msd_of_old.py"))
    assert not has_source(Path("catalog/test_old_msd.py"))
    assert not has_source(Path("cellar/test_msd.py"))
