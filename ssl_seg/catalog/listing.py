"""Which files lie below a folder, and which cases they stand for."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Self

from ssl_seg.core.errors import UserError

_NAMES_SHOWN = 12
_DIGITS = re.compile("([0-9]+)")


@dataclass(frozen=True)
class Listing:
    """The files below a folder, links followed, hidden ones (``.name``) left out.

    Attributes:
        folder: absolute path.
        files: paths relative to the folder, ``/`` between folders, in natural order.
    """

    folder: str
    files: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path, layout: str) -> Self:
        """List a folder.

        Args:
            folder: must be there.
            layout: what the data set should look like, for the message.

        Raises:
            UserError: there is no such folder, a link leads nowhere or back to a folder above it.
        """
        # Not resolved: a file is known under the path by which the data set reaches it.
        folder = Path(os.path.abspath(folder))  # noqa: PTH100
        if not folder.is_dir():
            raise UserError(_missing_folder(folder, layout))
        return cls(str(folder), tuple(sorted(_walk(str(folder), "", ()), key=natural_order)))

    def by_id(self, *suffixes: str) -> dict[str, str]:
        """Map case ids to absolute paths, in natural order.

        Args:
            suffixes: endings of file names, in any case; a case id is what stands before them.

        Raises:
            UserError: two files stand for the same case.
        """
        found: dict[str, str] = {}
        for name in self.files:
            case = case_id(name, suffixes)
            if case is None:
                continue
            if case in found:
                raise UserError(
                    f"{self.folder}: two files stand for the case {case!r}: {found[case]} and "
                    f"{name}; remove one or name a single suffix"
                )
            found[case] = name
        return {case: f"{self.folder}/{name}" for case, name in found.items()}

    def images(self, *suffixes: str) -> dict[str, str]:
        """Do the same for images, of which there must be some.

        Raises:
            UserError: two files stand for the same case, or none has one of the suffixes.
        """
        found = self.by_id(*suffixes)
        if not found:
            wanted = " or ".join(repr(suffix) for suffix in suffixes)
            raise UserError(
                f"{self.folder}: no image found: no file name ends in {wanted}; {self.contents()}"
            )
        return found

    def contents(self) -> str:
        """Say for people what is there: ``there are 12 .png, 3 .txt, e.g. 'a/1.png'``."""
        if not self.files:
            return "the folder is empty"
        return f"there are {endings(self.files)}, e.g. {self.files[0]!r}"


def case_id(name: str, suffixes: Iterable[str]) -> str | None:
    """Return what stands before the longest matching suffix, ``None`` where none matches."""
    for suffix in sorted(suffixes, key=len, reverse=True):
        if name.lower().endswith(suffix.lower()) and len(PurePosixPath(name).name) > len(suffix):
            return name[: len(name) - len(suffix)]
    return None


def endings(files: Iterable[str]) -> str:
    """Count files by the last part of their names: ``12 .png, 3 .txt``."""
    counts = Counter(PurePosixPath(name).suffix or "without suffix" for name in files)
    return ", ".join(f"{count} {suffix}" for suffix, count in sorted(counts.items()))


def natural_order(name: str) -> tuple[list[str | int], str]:
    """Return a sort key that counts numbers in names, so that frames keep their order in time."""
    # With a captured separator, texts and numbers take turns: like is compared with like.
    parts = _DIGITS.split(name)
    return [int(part) if at % 2 else part for at, part in enumerate(parts)], name


def _walk(folder: str, below: str, above: tuple[tuple[int, int], ...]) -> Iterator[str]:
    here = Path(folder).stat()
    if (identity := (here.st_dev, here.st_ino)) in above:
        raise UserError(f"{folder}: this link leads back to a folder above it; remove it")
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _walk(entry.path, f"{below}{entry.name}/", (*above, identity))
            elif entry.is_file():
                yield below + entry.name
            elif entry.is_symlink():
                target = Path(entry.path).readlink()
                raise UserError(
                    f"{entry.path}: this link leads nowhere ({target}); fetch the file it stands "
                    "for, or remove it"
                )


def _missing_folder(folder: Path, layout: str) -> str:
    if folder.exists():
        return f"{folder}: expected a folder, this is a file; the layout is {layout}"
    nearest = next(parent for parent in folder.parents if parent.is_dir())
    names = sorted(entry.name for entry in os.scandir(nearest) if entry.is_dir())
    wanted = folder.relative_to(nearest).parts[0]
    near = get_close_matches(wanted, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(names[:_NAMES_SHOWN]) + (", ..." if len(names) > _NAMES_SHOWN else "")
    return (
        f"{folder}: no such folder; expected the layout {layout}. The nearest folder that exists "
        f"is {nearest}, with the folders: {shown or 'none'}{hint}"
    )
