"""``prepared.json``: which files were made, and from what."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ssl_seg.core.errors import UserError
from ssl_seg.store import atomic
from ssl_seg.store.manifest import read_json

NAME = "prepared.json"

_FORMAT = 1
_HEAD = {"format": _FORMAT, "data_set": "NIH Pancreas-CT"}


class Record:
    """The record of a folder; every change is on disk at once.

    Args:
        folder: where cases are written; made if it is not there.

    Raises:
        UserError: the folder holds files, but no record of this format.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / NAME
        self._cases: dict[str, Any] = {}
        if self._path.exists():
            self._cases = self._read()
            return
        if folder.exists() and any(not path.name.startswith(".") for path in folder.iterdir()):
            raise UserError(
                f"{folder}: holds files, but no {NAME}, so something else wrote them; name an "
                "empty or a new folder"
            )
        self._write()

    def entry(self, case: str) -> Mapping[str, Any] | None:
        """Return what is recorded of a case, None where it is not finished."""
        return self._cases.get(case)

    def changed(self, case: str) -> list[str]:
        """List recorded files of a case that hold something else now; missing ones count not."""
        return [
            str(self._folder / name)
            for name, digest in self._cases[case]["files"].items()
            if (self._folder / name).exists() and digest_of(self._folder / name) != digest
        ]

    def missing(self, case: str) -> bool:
        """Tell whether a recorded file of a case is not there."""
        return not all((self._folder / name).exists() for name in self._cases[case]["files"])

    def forget(self, case: str) -> None:
        """Call a case unfinished, before its files change."""
        if self._cases.pop(case, None) is not None:
            self._write()

    def add(self, case: str, files: Iterable[str], facts: Mapping[str, Any]) -> None:
        """Call a case finished.

        Args:
            case: its name.
            files: paths of its files relative to the folder; they are on disk.
            facts: what else is to be told of it, as plain data.
        """
        digests = {name: digest_of(self._folder / name) for name in files}
        self._cases[case] = {"files": digests, **facts}
        self._write()

    def _read(self) -> dict[str, Any]:
        content = read_json(self._path)
        if {name: content.get(name) for name in _HEAD} != _HEAD:
            raise UserError(
                f"{self._path}: expected {_HEAD}, found another format or data set; name another "
                "folder"
            )
        cases: dict[str, Any] = content["cases"]
        return cases

    def _write(self) -> None:
        atomic.write_json(self._path, {**_HEAD, "cases": self._cases})


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_all(paths: Iterable[Path]) -> str:
    """Return one digest of several files, whatever their names and order are."""
    digests = sorted(map(digest_of, paths))
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
