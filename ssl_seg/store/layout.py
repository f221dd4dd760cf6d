"""How a work dir is laid out, how it is told from any other folder, and how it is emptied."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from ssl_seg.core.errors import UserError
from ssl_seg.store.atomic import is_unfinished, make_folder, sync, write_json
from ssl_seg.store.lock import LOCK_NAME
from ssl_seg.store.manifest import read_json

MARK = "store.json"
"""File that makes a folder a work dir; it is written before anything else is."""

LAYOUT = {"layout": "ssl_seg", "format": 2}
"""Content of the mark; the format is raised when the layout is another than before."""

ARTIFACTS, RUNNING, PLANS, SPLITS, TRASH = "artifacts", "running", "plans", "splits", "trash"
OWN_FOLDERS = (ARTIFACTS, RUNNING, PLANS, TRASH)


def check_layout(work_dir: Path) -> None:
    """Check that a folder is a work dir of this format, or can become one.

    Raises:
        ValueError: another version or something else laid it out, or one of its own folders is a
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


def empty(work_dir: Path) -> None:
    """Remove all artifacts, work in progress and plans of a work dir, of whatever format.

    Folders are renamed before they are removed, so that a kill leaves no artifact in part.

    Raises:
        ValueError: the folder holds things and is no work dir, or one of its folders is a link.
    """
    _refuse_links(work_dir)
    _refuse_foreign(work_dir)
    trash = work_dir / TRASH / secrets.token_hex(8)
    for name in (ARTIFACTS, RUNNING, PLANS):
        if (work_dir / name).exists():
            make_folder(trash)
            (work_dir / name).rename(trash / name)
    if work_dir.is_dir():
        sync(work_dir)
    remove_scraps(work_dir)
    write_json(work_dir / MARK, LAYOUT)


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


def _refuse_foreign(work_dir: Path) -> None:
    if not work_dir.is_dir():
        return
    if (work_dir / MARK).is_file():
        is_ours = read_json(work_dir / MARK).get("layout") == LAYOUT["layout"]
    else:
        names = {path.name for path in work_dir.iterdir()}
        is_ours = all(name == LOCK_NAME or is_unfinished(name) for name in names)
    if not is_ours:
        raise UserError(
            f"{work_dir}: starting over removes what earlier runs left, but this folder is no work "
            f"dir of ssl_seg (its {MARK} is missing or says something else); choose another "
            "--work-dir, or empty it yourself"
        )
