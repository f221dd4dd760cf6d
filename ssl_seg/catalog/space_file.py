"""Label spaces as files: class names, colours, ignore value, and the numbers in label files.

A space is one JSON file::

    {"name": "roads",
     "ignore": 255,
     "classes": [["road", [128, 64, 128]], ["car", [0, 0, 142]]],
     "files": {"trainIds": {"ignored": [255]},
               "ids": {"classes": [7, 26], "ignored": [0, 1, 2]}}}

``files`` says for each kind of label files which value each class has in it (in the order of
``classes``; 0, 1, ... where it is left out) and which values are of no class; a space that no label
file is in has none. ``ignore`` may be left out (255), and a class may be its name alone where the
space has no colours of its own.
"""

from __future__ import annotations

import json
import reprlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ssl_seg.catalog.palette import generated_palette
from ssl_seg.catalog.shipped import shipped_json
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.registry import suggestion

IGNORE = 255


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
        UserError: the file is no description of a space, or does not know the kind.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        space = plain_space(content)
        numbers = content["files"][kind]
        own = numbers.get("classes", range(len(space)))
        return listed_values(space, own, numbers["ignored"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not a description of a label space: {error!r}") from error


def listed_values(space: LabelSpace, classes: Any, ignored: Any) -> LabelValues:
    """Return the values of files that hold the given numbers and no other.

    Args:
        space: the label space.
        classes: the file value of each class, in order.
        ignored: file values that are of no class.
    """
    owned = zip(classes, range(len(space)), strict=True)
    return LabelValues(space, (*owned, *((value, space.ignore) for value in ignored)))


def plain_space(content: Any) -> LabelSpace:
    """Return the space that the plain data of a space file describe.

    Raises:
        UserError: they describe none.
    """
    match content:
        case {"name": str(name), "classes": [*classes]}:
            ignore = content.get("ignore", IGNORE)
        case _:
            raise UserError(
                "not a description of a label space: expected an object with a text as 'name' and "
                f"a list as 'classes', got {reprlib.repr(content)}"
            )
    if not isinstance(ignore, int):
        raise UserError(f"label space {name!r}: expected a number as 'ignore', got {ignore!r}")
    if all(isinstance(entry, str) for entry in classes):
        return LabelSpace(name, tuple(classes), generated_palette(len(classes)), ignore)
    names, palette = zip(*map(_coloured, classes), strict=True)
    return LabelSpace(name, names, palette, ignore)


def read_space(path: Path | Traversable) -> LabelSpace:
    """Read the space that a file describes.

    Raises:
        UserError: there is no such file, or it describes none; the message names it.
    """
    try:
        return plain_space(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise UserError(f"{path}: there is no such label space") from error
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: not a label space: expected JSON: {error}") from error
    except (OSError, UnicodeDecodeError, UserError) as error:
        raise UserError(f"{path}: {error}") from error


def shipped_space(name: str) -> LabelSpace:
    """Return a label space that ships with the project.

    Raises:
        UserError: none has this name.
    """
    known = shipped_json("ssl_seg.catalog.spaces")
    if name not in known:
        raise UserError(f"no label space is named {name!r}{suggestion(name, known)}")
    return read_space(known[name])


def _coloured(entry: Any) -> tuple[str, tuple[int, int, int]]:
    """Check one class of a space file that has colours."""
    match entry:
        case [str(name), [int(red), int(green), int(blue)]]:
            if all(0 <= value <= 255 for value in (red, green, blue)):
                return name, (red, green, blue)
    raise UserError(
        f"expected a class as [name, [red, green, blue]] with numbers from 0 to 255, got "
        f"{reprlib.repr(entry)}; or every class as its name alone"
    )
