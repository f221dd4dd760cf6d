"""Plug-in files and modules that a config names in ``custom_imports``."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType, NoneType
from typing import Any

from ssl_seg.config.plugin_sources import hash_of_file, hash_of_package
from ssl_seg.core.errors import UserError
from ssl_seg.core.fingerprint import fingerprint


def import_plugins(custom_imports: Any, folder: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """Import what ``custom_imports`` names, so that it registers its types.

    Args:
        custom_imports: a list of module names and ``.py`` files (relative to the config file), or
            mmengine's ``dict(imports=[...])``.
        folder: of the config file.

    Returns:
        The hash of each plug-in's sources by position and name, which belongs into every
        fingerprint; and what another process has to import to know the same types.

    Raises:
        UserError: an entry is not a string, or there is no such module or file. What goes wrong
            inside a plug-in passes as it is.
    """
    hashes: dict[str, str] = {}
    imports: list[str] = []
    for position, entry in enumerate(_entries(custom_imports)):
        if entry.endswith(".py"):
            path = (folder / entry).resolve()
            if not path.is_file():
                raise UserError(f"custom_imports: there is no plug-in file {path}")
            import_file(path)
            imports.append(str(path))
            hashed = hash_of_file(path)
        else:
            hashed = _hash_of_module(_import_module(entry))
            imports.append(entry)
        # An absolute path says where a plug-in lies, which is no part of what it does.
        name = Path(entry).name if Path(entry).is_absolute() else entry
        hashes[f"{position}: {name}"] = hashed
    return hashes, tuple(imports)


def _import_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # A module that the plug-in itself asks for in vain is another matter.
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise UserError(
            f"custom_imports: {name!r}: there is no module {error.name!r}; install it, put its "
            "folder into PYTHONPATH, or name a .py file"
        ) from error


def _hash_of_module(module: ModuleType) -> str:
    """Hash a package with all below it; of a module inside one, the outermost that holds it."""
    if module.__file__ is None:
        raise UserError(f"custom_imports: {module.__name__!r} is a folder without __init__.py")
    path = Path(module.__file__)
    if not module.__package__:
        return hash_of_file(path)
    package = path.parent
    while (package.parent / "__init__.py").is_file():
        package = package.parent
    return hash_of_package(package)


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
    if not isinstance(custom_imports, (list, tuple, NoneType)):
        raise UserError(
            f"custom_imports: expected a list of module names and .py files, got {custom_imports!r}"
        )
    entries = list(custom_imports or [])
    if wrong := [entry for entry in entries if not isinstance(entry, str)]:
        raise UserError(f"custom_imports: expected module names or .py files, got {wrong[0]!r}")
    return entries
