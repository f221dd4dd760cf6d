"""Label spaces as files: class names, colours, ignore value, and the numbers in label files.

A space is one JSON file::

    {"name": "roads",
     "ignore": 255,
     "classes": [["road", [128, 64, 128]], ["car", [0, 0, 142]]],
     "files": {"trainIds": {"ignored": [255]},
               "ids": {"classes": [7, 26], "ignored": [0, 1, 2]}}}

``files`` says for each kind of label files which value each class has in it (in the order of
``classes``; 0, 1, ... where it is left out) and which values are of no class.
"""

from __future__ import annotations

import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ssl_seg.core.space import LabelSpace, LabelValues


def shipped_values(space: str, kind: str) -> LabelValues:
    """Return how label files of a data set's own space are read.

    Args:
        space: file name below ``ssl_seg/catalog/spaces`` without suffix.
        kind: an entry of its ``files``.
    """
    return read_values(files("ssl_seg.catalog.spaces").joinpath(f"{space}.json"), kind)


def read_values(path: Path | Traversable, kind: str) -> LabelValues:
    """Return how one kind of label files is read into the space that a file describes.

    Raises:
        ValueError: the file is no description of a space, or does not know the kind.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        space = _space(content)
        numbers = content["files"][kind]
        own = numbers.get("classes", range(len(space)))
        return listed_values(space, own, numbers["ignored"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not a description of a label space: {error!r}") from error


def listed_values(space: LabelSpace, classes: Any, ignored: Any) -> LabelValues:
    """Return the values of files that hold the given numbers and no other.

    Args:
        space: the label space.
        classes: the file value of each class, in order.
        ignored: file values that are of no class.
    """
    owned = zip(classes, range(len(space)), strict=True)
    return LabelValues(space, (*owned, *((value, space.ignore) for value in ignored)))


def _space(content: Any) -> LabelSpace:
    names, colours = zip(*content["classes"], strict=True)
    palette = tuple((red, green, blue) for red, green, blue in colours)
    return LabelSpace(content["name"], tuple(names), palette, content["ignore"])
