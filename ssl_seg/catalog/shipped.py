"""JSON files that ship with the project, by their names."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def shipped_json(package: str) -> dict[str, Traversable]:
    """Return the JSON files of a package by file name without suffix, sorted."""
    found = {
        entry.name.removesuffix(".json"): entry
        for entry in files(package).iterdir()
        if entry.name.endswith(".json")
    }
    return dict(sorted(found.items()))
