"""How a work dir is laid out, how it is told from any other folder, and how it is emptied."""

from __future__ import annotations

import logging
import secrets
import shutil
from pathlib import Path

from ssl_seg.core.errors import UserError
from ssl_seg.store.atomic import is_unfinished, make_folder, sync, write_json
from ssl_seg.store.lock import LOCK_NAME
from ssl_seg.store.manifest import read_json

_log = logging.getLogger(__name__)

MARK = "store.json"
"""File that makes a folder a work dir; it is written before anything else is."""

LAYOUT = {"layout": "ssl_seg", "format": 2}
"""Content of the mark; the format is raised when the layout is another than before."""

ARTIFACTS, RUNNING, PLANS, SPLITS = "artifacts", "running", "plans", "splits"
ASIDE, TRASH = "aside", "trash"
OWN_FOLDERS = (ARTIFACTS, RUNNING, PLANS, ASIDE, TRASH)

REMOVED_BY_FRESH = (ARTIFACTS, RUNNING, PLANS)
"""What starting over removes; other files and folders stay."""


def check_layout(work_dir: Path) -> None:
    """Check that a folder is a work dir of this format, or can become one.

    Raises:
        UserError: another version or something else laid it out, or one of its own folders is a
            link, out of which a rename and a removal would lead.
    """
    _refuse_links(work_dir)
    if (work_dir / MARK).is_file():
        found = read_json(work_dir / MARK)
        if found != LAYOUT:
            raise UserError(
                f"{work_dir / MARK}: expected {LAYOUT}, found {found}; use the version of ssl_seg "
                "that made this work dir, another --work-dir, or --fresh to start over"
            )
    elif taken := [name for name in (ARTIFACTS, RUNNING, PLANS) if (work_dir / name).exists()]:
        raise UserError(
            f"{work_dir}: something else than ssl_seg made the folder {taken[0]!r} in it (there is "
            f"no {MARK}); use another --work-dir"
        )


def mark(work_dir: Path) -> None:
    """Make a folder a work dir."""
    if not (work_dir / MARK).is_file():
        write_json(work_dir / MARK, LAYOUT)


def check_can_start_over(work_dir: Path) -> None:
    """Check that what starting over removes was left by earlier runs; nothing is changed.

    Raises:
        UserError: the folder holds things and is no work dir, of whatever format, or one of its own
            folders is a link.
    """
    _refuse_links(work_dir)
    if work_dir.is_dir() and not _is_marked(work_dir):
        names = {path.name for path in work_dir.iterdir()}
        if not all(name == LOCK_NAME or is_unfinished(name) for name in names):
            raise UserError(
                f"{work_dir}: starting over removes what earlier runs left, but this folder is no "
                f"work dir of ssl_seg (its {MARK} is missing or says something else); choose "
                "another --work-dir, or empty it yourself"
            )


def set_aside(work_dir: Path) -> None:
    """Move artifacts, work in progress, plans and the mark out of the way, into ``aside``.

    A kill at any instant leaves what :func:`put_back` restores.
    """
    for name in (*REMOVED_BY_FRESH, MARK):  # the mark is last: where it lies, all of it lies
        if (work_dir / name).exists():
            make_folder(work_dir / ASIDE)
            (work_dir / name).rename(work_dir / ASIDE / name)
            sync(work_dir / ASIDE)
            sync(work_dir)


def put_back(work_dir: Path) -> None:
    """Undo :func:`set_aside`; without anything set aside nothing happens.

    What lies in the places of earlier artifacts and plans by now is removed: a run that was cut off
    before it had planned wrote it.
    """
    aside = work_dir / ASIDE
    if aside.is_symlink() or not (_is_marked(aside) or (aside.is_dir() and _is_marked(work_dir))):
        return
    if (aside / MARK).is_file():
        for name in REMOVED_BY_FRESH:
            remove(work_dir / name)
        (aside / MARK).replace(work_dir / MARK)
    for name in REMOVED_BY_FRESH:
        if (aside / name).exists():
            (aside / name).rename(work_dir / name)
    sync(work_dir)
    aside.rmdir()
    _log.info("%s: put back what an interrupted --fresh had set aside", work_dir)


def discard(work_dir: Path) -> None:
    """Remove for good what :func:`set_aside` moved; one rename decides."""
    aside = work_dir / ASIDE
    if aside.is_dir():
        make_folder(work_dir / TRASH)
        aside.rename(work_dir / TRASH / secrets.token_hex(8))
        sync(work_dir)
    remove_scraps(work_dir)


def remove_scraps(work_dir: Path) -> None:
    """Remove what a kill left: folders that were being removed, files that were being written."""
    remove(work_dir / TRASH)
    for folder in (work_dir, work_dir / PLANS):
        for path in folder.iterdir() if folder.is_dir() else ():
            if is_unfinished(path.name):
                path.unlink()


def remove(folder: Path) -> None:
    """Remove a folder and all below it, if it is there; links in it are removed, not followed."""
    if folder.exists():
        shutil.rmtree(folder)


def _refuse_links(work_dir: Path) -> None:
    for name in OWN_FOLDERS:
        if (work_dir / name).is_symlink():
            raise UserError(
                f"{work_dir / name}: is a symbolic link, but a work dir's own folders must lie in "
                "it, on one file system; move the whole work dir there and name that place"
            )


def _is_marked(folder: Path) -> bool:
    """Tell whether a folder has the mark of a work dir, of whatever format."""
    if not (folder / MARK).is_file():
        return False
    return read_json(folder / MARK).get("layout") == LAYOUT["layout"]
