"""From a config file to plain data, with every top-level name accounted for."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ssl_seg.config.config_file import files_of, read_config_file
from ssl_seg.config.keys import KNOWN_KEYS
from ssl_seg.config.unused_keys import UNUSED
from ssl_seg.core.errors import UserError
from ssl_seg.registry import suggestion


def load_config(path: str | Path, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Read a config file with its bases and apply command-line options.

    Args:
        path: a Python, YAML or JSON config in mmengine's form; ``_base_`` may name files and
            mmsegmentation's own parts (``mmseg::_base_/models/...``).
        options: dotted keys and values that override the file (``--cfg-options``).

    Returns:
        Plain dicts, lists, tuples and scalars; top-level names that have a meaning only.

    Raises:
        UserError: a file cannot be read, see :func:`read_config_file`; or a top-level name has no
            meaning and no config file reads it, or it is nearly a known one.
    """
    path = Path(path)
    data = read_config_file(path, options or {})
    for name in options or {}:
        top = name.partition(".")[0]
        if top not in KNOWN_KEYS.union(UNUSED):
            raise UserError(f"--cfg-options {name}: unknown key{suggestion(top, KNOWN_KEYS)}")
    _check_names(data, path)
    return {name: value for name, value in data.items() if name in KNOWN_KEYS}


def _check_names(data: Mapping[str, Any], path: Path) -> None:
    meaningful = KNOWN_KEYS.union(UNUSED)
    free = [name for name in data if name not in meaningful]
    if not free:
        return
    read = {name for file in files_of(path) for name in _names_read(file)}
    for name in free:
        near = get_close_matches(name, KNOWN_KEYS, n=1, cutoff=0.85)
        if near:
            raise UserError(
                f"{path}: the top-level name {name!r} looks like a misspelt {near[0]!r}; "
                "correct it, or rename it if it is a variable of your own"
            )
        if name not in read:
            raise UserError(
                f"{path}: the top-level name {name!r} is not a known key, and no config file uses "
                f"it{suggestion(name, meaningful)}"
            )


def _names_read(path: Path) -> set[str]:
    if path.suffix != ".py":
        return set()
    # {{ _base_.name }} is mmengine's way to read a base's name; as an expression it parses.
    source = re.sub(r"\{\{\s*([\w.]+)\s*\}\}", r"\1", path.read_text())
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names.add(node.attr)
    return names
