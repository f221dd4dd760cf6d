"""Which source files a plug-in consists of, so that a change of any of them is noticed."""

from __future__ import annotations

import ast
import hashlib
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from ssl_seg.core.fingerprint import fingerprint

_INSTALLED = tuple({Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")})
"""Where modules lie that are no part of a plug-in that imports them."""


def hash_of_package(folder: Path) -> str:
    """Hash every Python file below a package, with its path relative to the package."""
    return _hash(folder, folder.rglob("*.py"))


def hash_of_file(path: Path) -> str:
    """Hash a Python file together with the files and packages beside it that it imports."""
    return _hash(path.parent, _with_imported(path, set()))


def _hash(folder: Path, files: Iterable[Path]) -> str:
    # Relative paths: where a plug-in lies is no part of what it does.
    return fingerprint(
        {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        }
    )


def _with_imported(path: Path, seen: set[Path]) -> Iterator[Path]:
    """Yield a file and, once each, all that it leads to in its own folder."""
    if path in seen:
        return
    seen.add(path)
    yield path
    for name in _imported(path):
        package = path.parent / name
        if (package / "__init__.py").is_file():
            yield from (file for file in package.rglob("*.py") if file not in seen)
            seen.update(package.rglob("*.py"))
        elif package.with_suffix(".py").is_file():
            yield from _with_imported(package.with_suffix(".py"), seen)


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
