"""Class mappings as files: which class of one space becomes which class of another, by name.

A mapping is one JSON file::

    {"name": "roads_to_traffic",
     "from": "roads",
     "to": "traffic",
     "total": false,
     "about": "why it maps as it does, and where the table comes from",
     "classes": {"road": "way", "car": "vehicle"},
     "ignored": ["sky"]}

``from`` and ``to`` are names of spaces that ship with the project, paths of space files relative to
the mapping, or spaces written out in place. ``total`` says whether every class has a place; then
nothing is ignored. ``name`` may be left out (the file's own), as may ``about`` and ``ignored``.
"""

from __future__ import annotations

import json
import reprlib
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ssl_seg.catalog.shipped import shipped_json
from ssl_seg.catalog.space_file import plain_space, read_space, shipped_space
from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace
from ssl_seg.registry import suggestion

_PACKAGE = "ssl_seg.catalog.maps"
_KEYS = ("name", "from", "to", "total", "about", "classes", "ignored")
_NEEDED = ("from", "to", "total", "classes")


def shipped_maps() -> list[str]:
    """Return the names of the class mappings that ship with the project, sorted."""
    return list(shipped_json(_PACKAGE))


def open_map(name: str, folder: Path) -> ClassMapping:
    """Read a class mapping by the name of a shipped one or by its path.

    Args:
        name: a shipped mapping, or the path of a JSON file.
        folder: that a relative path starts from.

    Raises:
        UserError: there is no such mapping, or the file is no description of one.
    """
    if name.endswith(".json"):
        return read_map(folder / name)
    known = shipped_json(_PACKAGE)
    if name not in known:
        raise UserError(
            f"no class mapping is named {name!r}{suggestion(name, known)}; one of your own is "
            "named by its .json file"
        )
    return read_map(known[name])


def read_map(path: Path | Traversable) -> ClassMapping:
    """Read and check a class mapping.

    Raises:
        UserError: the file is not there or is no class mapping; the message names file and
            classes.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once_each)
        _check(content)
        folder = path.parent if isinstance(path, Path) else None
        return ClassMapping.by_name(
            content.get("name", path.name.removesuffix(".json")),
            _space(content, "from", folder),
            _space(content, "to", folder),
            placed=content["classes"],
            ignored=content.get("ignored", ()),
            total=content["total"],
        )
    except FileNotFoundError as error:
        raise UserError(f"{path}: there is no such class mapping") from error
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: not a class mapping: expected JSON: {error}") from error
    except (OSError, UnicodeDecodeError, UserError) as error:
        raise UserError(f"{path}: {error}") from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a class that is placed twice, of which JSON would silently keep the last."""
    names = [name for name, _ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"not a class mapping: {', '.join(map(repr, twice))} stands there twice")
    return dict(pairs)


def _check(content: Any) -> None:
    if not isinstance(content, dict):
        raise UserError(f"not a class mapping: expected an object with {', '.join(_NEEDED)}")
    for key in content:
        if key not in _KEYS:
            raise UserError(f"not a class mapping: unknown key {key!r}{suggestion(key, _KEYS)}")
    if missing := [key for key in _NEEDED if key not in content]:
        raise UserError(f"not a class mapping: the key {missing[0]!r} is missing")
    table, ignored = content["classes"], content.get("ignored", [])
    if not isinstance(content["total"], bool):
        raise UserError(f"total: expected true or false, got {content['total']!r}")
    if not isinstance(table, dict) or not all(isinstance(to, str) for to in table.values()):
        raise UserError(f"classes: expected an object of class names, got {reprlib.repr(table)}")
    if not isinstance(ignored, list) or not all(isinstance(name, str) for name in ignored):
        raise UserError(f"ignored: expected a list of class names, got {reprlib.repr(ignored)}")


def _space(content: dict[str, Any], end: str, folder: Path | None) -> LabelSpace:
    described = content[end]
    try:
        if not isinstance(described, str):
            return plain_space(described)
        if described.endswith(".json") and folder is not None:
            return read_space(folder / described)
        return shipped_space(described)
    except UserError as error:
        raise UserError(f"{end}: {error}") from error
