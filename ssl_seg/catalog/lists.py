"""List files: one case id per line; blank lines and lines that start with ``#`` are skipped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import TypeVar

from ssl_seg.catalog.index import raise_problems
from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError

T = TypeVar("T")


def select(cases: Sequence[Case], list_path: Path, where: str) -> tuple[Case, ...]:
    """Return the listed cases in the order of the catalog, whatever the order of the lines.

    Args:
        cases: of the data set.
        list_path: of the list file.
        where: the config key that names the list, for messages.

    Raises:
        UserError: there is no such file, it is empty, repeats a case, or names one that is not
            there or that lies outside of the data set.
    """
    return tuple(pick({case.id: case for case in cases}, list_path, where).values())


def pick(known: Mapping[str, T], list_path: Path, where: str) -> dict[str, T]:
    """Do the same for anything that is known by case id."""
    place = f"{where}: {list_path}"
    listed = _lines(list_path, place)
    raise_problems(
        f"{place}, line {line}: no case is named {name!r}{_hint(name, known)}"
        for name, line in listed.items()
        if name not in known
    )
    return {name: item for name, item in known.items() if name in listed}


def _lines(list_path: Path, place: str) -> dict[str, int]:
    """Return the listed ids with their line numbers."""
    try:
        text = list_path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{place}: no such list file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{place}: not a readable list of case ids: {error}") from error
    listed: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name = line.strip()
        if not name or name.startswith("#"):
            continue
        if name in listed:
            raise UserError(
                f"{place}: the case {name!r} is listed twice, in lines {listed[name]} and {number}"
            )
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise UserError(
                f"{place}, line {number}: {name!r} leads out of the data set; list case ids: paths "
                "below the images folder without suffix"
            )
        listed[name] = number
    if not listed:
        raise UserError(f"{place}: the list is empty; write one case id per line")
    return listed


def _hint(name: str, known: Iterable[str]) -> str:
    ids = list(known)
    stem = name.rpartition(".")[0]
    if stem in ids:
        return f"; did you mean {stem!r}? Case ids have no suffix"
    near = get_close_matches(name, ids, n=3)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else f"; e.g. {ids[0]!r} is"
