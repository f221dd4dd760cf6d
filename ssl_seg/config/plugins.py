"""Plug-in files and modules that a config names in ``custom_imports``."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ssl_seg.core.errors import UserError
from ssl_seg.core.fingerprint import fingerprint


def import_plugins(custom_imports: Any, folder: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """Import what ``custom_imports`` names, so that it registers its types.

    Args:
        custom_imports: a list of module names and ``.py`` files (relative to the config file), or
            mmengine's ``dict(imports=[...])``.
        folder: of the config file.

    Returns:
        The hash of each plug-in's source by name, which belongs into every fingerprint; and what
        another process has to import to know the same types.

    Raises:
        ValueError: an entry is not a string.
        UserError: a module or file cannot be imported.
    """
    entries = _entries(custom_imports)
    hashes: dict[str, str] = {}
    imports: list[str] = []
    for entry in entries:
        if entry.endswith(".py"):
            path = (folder / entry).resolve()
            if not path.is_file():
                raise UserError(f"custom_imports: there is no plug-in file {path}")
            import_file(path)
            imports.append(str(path))
        else:
            found = importlib.import_module(entry).__file__
            if found is None:
                raise UserError(f"custom_imports: {entry!r} is a folder without __init__.py")
            path = Path(found)
            imports.append(entry)
        # Where a plug-in file lies is no part of what it does.
        hashes[Path(entry).name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return hashes, tuple(imports)


def import_again(imports: Sequence[str]) -> None:
    """Import plug-ins that :func:`import_plugins` listed; those already imported are left alone."""
    for entry in imports:
        if entry.endswith(".py"):
            import_file(Path(entry))
        else:
            importlib.import_module(entry)


def import_file(path: Path) -> None:
    """Import a Python file once, under a name of its own made from its path and content."""
    name = f"ssl_seg_plugin_{path.stem}_{fingerprint([str(path), path.read_text()])}"
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"custom_imports: {path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise


def _entries(custom_imports: Any) -> list[str]:
    if isinstance(custom_imports, Mapping):
        custom_imports = custom_imports.get("imports", [])
    if isinstance(custom_imports, str):
        custom_imports = [custom_imports]
    entries = list(custom_imports or [])
    if wrong := [entry for entry in entries if not isinstance(entry, str)]:
        raise UserError(f"custom_imports: expected module names or .py files, got {wrong[0]!r}")
    return entries
