"""Whether the tests can fail: breaks the code on purpose, one break at a time, and runs tests.

    python tests/breaks/run.py             all breaks of the lists beside this file
    python tests/breaks/run.py NAME ...    some of them
    python tests/breaks/run.py --list      their names

Each break is made in a copy of the tree, and at least one of the tests that it names must fail
there. The exit status is 1 where a break survives, or where its tests fail without any break.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import yaml

ROOT = Path(__file__).parents[2]
LISTS = sorted(Path(__file__).parent.glob("*.yaml"))
"""One for each room of the package."""

PARTS = ("configs", "docs", "ssl_seg", "tests", "tools")
"""Folders that tests read."""

PASSED, FAILED = 0, 1
"""Exit statuses of pytest."""


@dataclass(frozen=True)
class Break:
    """One mistake in the code.

    Attributes:
        name: says what is wrong.
        file: that is changed, below the root.
        text: what stands in it exactly once.
        broken: what stands there instead.
        tests: of which at least one must fail; each a file, or a test in it.
    """

    name: str
    file: str
    text: str
    broken: str
    tests: tuple[str, ...]

    def applied(self, source: str) -> str:
        """Return the file's content with the mistake.

        Raises:
            LookupError: the text does not stand in it exactly once.
        """
        if (count := source.count(self.text)) != 1:
            raise LookupError(f"the text stands {count} times in {self.file}, not once")
        return source.replace(self.text, self.broken)


def read_breaks() -> list[Break]:
    """Read all lists."""
    entries = [one for path in LISTS for one in yaml.safe_load(path.read_text(encoding="utf-8"))]
    return [Break(**{**entry, "tests": tuple(entry["tests"])}) for entry in entries]


def run_tests(tree: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Run tests in a tree; return pytest's exit status and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def copy_tree(folder: Path) -> Path:
    """Copy what tests read."""
    for part in PARTS:
        copytree(ROOT / part, folder / part)
    for path in ROOT.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


def outcome(broken: Break) -> str:
    """Return ``caught``, or what went wrong."""
    with TemporaryDirectory() as folder:
        tree = copy_tree(Path(folder))
        path = tree / broken.file
        try:
            path.write_text(broken.applied(path.read_text(encoding="utf-8")), encoding="utf-8")
        except LookupError as error:
            return str(error)
        status, output = run_tests(tree, broken.tests)
    if status == FAILED:
        return "caught"
    return "SURVIVED" if status == PASSED else f"the tests could not be run:\n{output}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the breaks and say which of them the tests catch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="breaks to make; all by default")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    parser.add_argument("--jobs", type=int, default=2, help="breaks made at a time")
    options = parser.parse_args(arguments)
    breaks = read_breaks()
    if unknown := set(options.names) - {one.name for one in breaks}:
        parser.error(f"no break is named {sorted(unknown)[0]!r}; see --list")
    chosen = [one for one in breaks if not options.names or one.name in options.names]
    if options.list:
        print("\n".join(one.name for one in chosen))
        return 0
    with TemporaryDirectory() as folder:
        status, output = run_tests(
            copy_tree(Path(folder)), sorted({test for one in chosen for test in one.tests})
        )
    if status != PASSED:
        print(f"the tests fail without any break:\n{output}")
        return 1
    survived = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for one, result in zip(chosen, pool.map(outcome, chosen), strict=True):
            survived += result != "caught"
            print(f"{result:10} {one.name}", flush=True)
    print(f"{len(chosen) - survived} of {len(chosen)} breaks caught")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
