"""Which source files a plug-in consists of, so that a change of any of them is noticed."""

from __future__ import annotations

import ast
import hashlib
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from ssl_seg.core.fingerprint import fingerprint

_INSTALLED = tuple({Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")})
"""Where modules lie that are no part of a plug-in that imports them."""

_PROJECT = __name__.partition(".")[0]
"""Its version is recorded with each result; its own changes do not come from a plug-in."""


def hash_of_package(folder: Path) -> str:
    """Hash every Python file below a package, by its path in it, and what these files import."""
    return _hash(_below(folder, folder, set()))


def hash_of_file(path: Path) -> str:
    """Hash a Python file together with the files and packages of one's own that it imports."""
    return _hash(_with_imported(path, path.parent, set()))


def _hash(files: Iterable[tuple[Path, Path]]) -> str:
    # Relative paths: where a plug-in lies is no part of what it does.
    return fingerprint(
        sorted(
            [
                path.relative_to(root).as_posix(),
                hashlib.sha256(path.read_bytes()).hexdigest(),
            ]
            for path, root in files
        )
    )


def _with_imported(path: Path, root: Path, seen: set[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield a file and, once each, all that it leads to, with the folders that they are below."""
    if path.resolve() in seen:
        return
    seen.add(path.resolve())
    yield path, root
    for name in _imported(path):
        yield from _module(name, path.parent, seen)


def _module(name: str, beside: Path, seen: set[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield the files of a module, if it lies beside the one that imports it or on one's path."""
    for folder in (beside, *_search_path(name)):
        if (folder / name / "__init__.py").is_file():
            yield from _below(folder / name, folder, seen)
            return
        if (folder / f"{name}.py").is_file():
            yield from _with_imported(folder / f"{name}.py", folder, seen)
            return


def _below(folder: Path, root: Path, seen: set[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield the files of a package, and what they lead to."""
    for path in folder.rglob("*.py"):
        yield from _with_imported(path, root, seen)


def _search_path(name: str) -> list[Path]:
    """Return the folders of PYTHONPATH and the like; what is installed is no part of a plug-in."""
    if name == _PROJECT or name in sys.stdlib_module_names:
        return []
    folders = (Path(entry).resolve() for entry in sys.path)
    return [f for f in folders if not any(f.is_relative_to(place) for place in _INSTALLED)]


def _imported(path: Path) -> list[str]:
    """Return the first part of each name that a file imports, if it may lie beside the file."""
    if path.suffix != ".py" or any(path.is_relative_to(place) for place in _INSTALLED):
        return []
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module.partition(".")[0])
    return sorted(set(names))
