"""What keeps the house easy to walk through: short rooms, short ways, one door for each library."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "ssl_seg"
FILES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES_OF_A_MODULE = 350
MOST_LINES_OF_A_FUNCTION = 60


@pytest.fixture(scope="module")
def trees():
    """The package's modules, parsed, by path below the package."""
    return {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text()) for path in FILES}


def test_no_module_is_long():
    lengths = {path: len(path.read_text().splitlines()) for path in FILES}
    assert {path: n for path, n in lengths.items() if n > MOST_LINES_OF_A_MODULE} == {}


def test_no_function_is_long(trees):
    """Docstrings do not count: what is long about them is the contract."""
    long = {}
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and _length(node) > MOST_LINES_OF_A_FUNCTION:
                long[f"{module}:{node.name}"] = _length(node)
    assert long == {}


def _length(function: ast.FunctionDef) -> int:
    first = function.body[0]
    described = ast.get_docstring(function) is not None
    words = (first.end_lineno or 0) - first.lineno + 1 if described else 0
    return (function.end_lineno or 0) - function.lineno + 1 - words


def test_one_module_knows_the_image_classes_of_nibabel(trees):
    knowing = {
        module
        for module, tree in trees.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(a.name == "nibabel" for a in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nibabel.nifti"))
    }
    assert len(knowing) == 1, sorted(knowing)


def test_nothing_reads_a_stage_s_config_by_string(trees):
    by_string = {
        f"{module}:{node.lineno}"
        for module, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and _name(node.value) in ("recipe", "settings")
    }
    assert by_string == set()


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
