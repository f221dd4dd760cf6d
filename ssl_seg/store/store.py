"""The store: finished artifacts by fingerprint, work in progress, and the plans of a work dir."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

from ssl_seg.core.errors import UserError
from ssl_seg.store import layout
from ssl_seg.store.atomic import make_folder, publish_synced, write_json
from ssl_seg.store.manifest import MANIFEST, find_problems, read_json, read_manifest, write_manifest

OUT = "out"


@final
class Store:
    """What the stages of one work dir left behind.

    ::

        work_dir/
          store.json                  says what this folder is
          artifacts/<fingerprint>/    finished: whole, never changed again
            artifact.json             format, description, size and SHA-256 of every other file
          running/<fingerprint>/      a stage's work in progress, which outlives a kill
            out/                      what becomes the artifact
          plans/<run name>.json       what was planned, for the report
          splits/                     the drawn case lists, for people

    Opening and reading write nothing. Whoever writes must hold ``writer_lock(work_dir)``.

    Args:
        work_dir: the folder; it need not exist yet.

    Raises:
        UserError: the folder was laid out by another version or by something else.
    """

    def __init__(self, work_dir: Path) -> None:
        layout.check_layout(work_dir)
        self.work_dir = work_dir

    @property
    def splits(self) -> Path:
        """Folder for the drawn case lists; not made yet."""
        return self.work_dir / layout.SPLITS

    def has(self, fingerprint: str) -> bool:
        """Tell whether a stage is finished."""
        return (self._artifact(fingerprint) / MANIFEST).is_file()

    def path(self, fingerprint: str) -> Path:
        """Return the folder of a finished artifact.

        Raises:
            UserError: the stage is not finished.
        """
        if not self.has(fingerprint):
            raise UserError(
                f"{self.work_dir}: stage {fingerprint} is not finished; run the same command again "
                "to finish it"
            )
        return self._artifact(fingerprint)

    def manifest(self, fingerprint: str) -> dict[str, Any]:
        """Return a finished artifact's ``format``, ``description`` and ``files``.

        ``files`` maps each relative path to ``size`` (bytes) and ``sha256``.
        """
        return read_manifest(self.path(fingerprint))

    def verify(self, fingerprint: str) -> list[str]:
        """List how a finished artifact differs from its manifest; empty if it does not.

        This reads every file.
        """
        return find_problems(self.path(fingerprint))

    def running(self, fingerprint: str) -> Path:
        """Return the folder for a stage's work in progress, made if needed.

        What is in its folder ``out``, made too, becomes the artifact; the rest is removed then.
        """
        layout.mark(self.work_dir)
        folder = self._running(fingerprint)
        make_folder(folder / OUT)
        return folder

    def publish(self, fingerprint: str, description: Mapping[str, Any]) -> Path:
        """Turn ``running(fingerprint)/out`` into the artifact and remove the rest.

        A kill at any instant leaves the artifact whole or absent, and calling again completes the
        work. An artifact that is there already stays as it is.

        Args:
            fingerprint: of the stage.
            description: plain data for the manifest, without times and paths, so that equal stages
                leave equal bytes.

        Returns:
            The artifact's folder.

        Raises:
            FileNotFoundError: there is nothing to publish.
            ValueError: the result holds something other than plain files and folders.
        """
        if not self.has(fingerprint):
            result = self._running(fingerprint) / OUT
            if not result.is_dir():
                raise FileNotFoundError(f"{result}: expected the stage's result, found no folder")
            write_manifest(result, description)
            publish_synced(result, self._artifact(fingerprint))
        layout.remove(self._running(fingerprint))
        return self._artifact(fingerprint)

    def tidy(self) -> None:
        """Remove what a kill between two steps left, but no unfinished stage's work."""
        layout.remove_scraps(self.work_dir)
        for folder in self._entries(layout.RUNNING):
            if (self.work_dir / layout.ARTIFACTS / folder.name / MANIFEST).is_file():
                layout.remove(folder)

    def save_plan(self, record: Mapping[str, Any]) -> None:
        """Save a plan's record under its ``name``, in place of an earlier one of that name.

        Raises:
            UserError: the name does not do as a file name.
        """
        name = str(record["name"])
        if not re.fullmatch(r"[\w][\w.+=-]{0,199}", name):
            raise UserError(
                "a run's name must begin with a letter or digit and go on with these and any of "
                f"'_-+=.', 200 at most; got {name!r}"
            )
        layout.mark(self.work_dir)
        write_json(self.work_dir / layout.PLANS / f"{name}.json", dict(record))

    def plans(self) -> list[dict[str, Any]]:
        """Return the records of all saved plans, sorted by name."""
        plans = (path for path in self._entries(layout.PLANS) if path.suffix == ".json")
        return sorted(map(read_json, plans), key=lambda record: str(record["name"]))

    def _artifact(self, fingerprint: str) -> Path:
        return self.work_dir / layout.ARTIFACTS / _checked(fingerprint)

    def _running(self, fingerprint: str) -> Path:
        return self.work_dir / layout.RUNNING / _checked(fingerprint)

    def _entries(self, folder: str) -> Iterable[Path]:
        path = self.work_dir / folder
        return sorted(path.iterdir()) if path.is_dir() else ()


@contextmanager
def starting_over(work_dir: Path) -> Iterator[Store]:
    """Open a work dir as if it were new, and remove earlier artifacts and plans at the end.

    Until the block has ended well they lie in the folder ``aside``: an exception puts them back,
    and after a kill the next run does. Other files of the work dir stay. This works on the layout
    of another version too.

    Raises:
        UserError: the folder holds things and is no work dir.
    """
    layout.check_can_start_over(work_dir)
    layout.set_aside(work_dir)
    try:
        layout.mark(work_dir)
        yield Store(work_dir)
    except BaseException:
        layout.put_back(work_dir)
        raise
    layout.discard(work_dir)


def _checked(fingerprint: str) -> str:
    """Keep names that come out of files inside the store."""
    if not re.fullmatch(r"[0-9a-f]{32}", fingerprint):
        raise ValueError(f"a fingerprint is 32 hexadecimal digits, got {fingerprint!r}")
    return fingerprint
