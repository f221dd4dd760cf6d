"""The digest index: what each file holds, remembered for as long as the file does not change.

A file is known by path, size and modification time. Its SHA-256, and facts such as an image's size
or the values in a mask, are found once and kept in one JSON file.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, Self

from ssl_seg.core.case import DataFile
from ssl_seg.core.errors import UserError
from ssl_seg.media.facts import F, Known
from ssl_seg.store.atomic import write_bytes

INDEX = "index.json"
"""Name of the file in a work dir."""

FORMAT = 4
"""Raised when the index file's layout, or what any kind of facts means, changes."""

# Hashing and decoding let other threads run; more threads than cores hide a network disk's delay.
_THREADS = 8
_PROBLEMS_SHOWN = 5

_log = logging.getLogger(__name__)


class _Entry(NamedTuple):
    """One file in the index; ``facts`` by kind."""

    size: int
    mtime_ns: int
    digest: str
    facts: Mapping[str, Sequence[Any]]


class DigestIndex:
    """Looks into each file once; see the module.

    Used as a context manager it is saved at the end, also after an error, so that what was found
    before one bad file need not be found again.

    Args:
        path: of the JSON file; ``None`` keeps everything in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._entries = {} if path is None else _load(path)
        self._changed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.save()

    def read(self, paths: Sequence[str], facts: type[F]) -> list[Known[F]]:
        """Return digest and facts of each file, from the index where it is unchanged.

        Args:
            paths: absolute paths; a file is known under its path, links are not resolved.
            facts: what to look for.

        Raises:
            UserError: files that are not there or cannot be used; names the first few.
        """
        entries = [self._unchanged(path) for path in paths]
        unread = [
            at for at, entry in enumerate(entries) if entry is None or facts.kind not in entry.facts
        ]
        if unread:
            self._look([paths[at] for at in unread], facts)
        return [
            Known(DataFile(path, entry.digest), facts.from_plain(entry.facts[facts.kind]))
            for path, entry in ((path, self._entries[path]) for path in paths)
        ]

    def find(self, digest: str) -> DataFile | None:
        """Return a file of this content that has not changed since it was looked into."""
        for path in self._paths_by_digest.get(digest, ()):
            if self._unchanged(path) is not None:
                return DataFile(path, digest)
        return None

    @cached_property
    def _paths_by_digest(self) -> Mapping[str, Sequence[str]]:
        paths = defaultdict(list)
        for path, entry in self._entries.items():
            paths[entry.digest].append(path)
        return paths

    def save(self) -> None:
        """Write what is new to the index file, whole or not at all."""
        if self._path is None or not self._changed:
            return
        content = {"format": FORMAT, "files": self._entries}
        write_bytes(self._path, json.dumps(content, separators=(",", ":")).encode())
        self._changed = False

    def _unchanged(self, path: str) -> _Entry | None:
        entry = self._entries.get(path)
        if entry is None:
            return None
        try:
            same = _stamp(path) == (entry.size, entry.mtime_ns)
        except OSError:
            return None
        return entry if same else None

    def _look(self, paths: Sequence[str], facts: type[F]) -> None:
        _log.info("looking into %d new or changed files, e.g. %s", len(paths), paths[0])
        problems = []
        pool = ThreadPoolExecutor(_THREADS)
        try:
            # By this thread alone: what the first look imports, several would find half imported.
            first = self._look_into(paths[0], facts)
            looks = chain([first], pool.map(lambda path: self._look_into(path, facts), paths[1:]))
            # Kept one by one, so that an interrupted run need not begin again.
            for path, look in zip(paths, looks, strict=True):
                if isinstance(look, str):
                    problems.append(look)
                else:
                    self._entries[path] = look
                    self._changed = True
        finally:
            pool.shutdown(cancel_futures=True)
        raise_problems(problems)

    def _look_into(self, path: str, facts: type[F]) -> _Entry | str:
        """Return a file's entry, or the problem with it."""
        try:
            # The stamp comes first: a file that changes meanwhile will not match its entry.
            known = self._unchanged(path) or _Entry(*_stamp(path), _digest(path), {})
            found = facts.of(path).plain()
        except (OSError, UserError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            return f"{path}: {reason}"
        return known._replace(facts={**known.facts, facts.kind: found})


def raise_problems(problems: Iterable[str]) -> None:
    """Raise one error that shows the first few problems and counts the rest.

    Raises:
        UserError: there is a problem.
    """
    listed = list(problems)
    if not listed:
        return
    rest = len(listed) - _PROBLEMS_SHOWN
    more = [f"... and {rest} more like these"] if rest > 0 else []
    raise UserError("\n".join(listed[:_PROBLEMS_SHOWN] + more))


def _stamp(path: str) -> tuple[int, int]:
    """Return size and modification time; every plan asks for those of all files."""
    status = os.stat(path)  # noqa: PTH116 - twice as fast as by Path
    return status.st_size, status.st_mtime_ns


def _digest(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _load(path: Path) -> dict[str, _Entry]:
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != FORMAT:
            _log.warning("%s: written by another version; all files are read anew", path)
            return {}
        return {name: _Entry(*entry) for name, entry in content["files"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        _log.warning("%s: not a readable index (%s); all files are read anew", path, error)
        return {}
