"""Files and folders that appear whole or not at all, also after a crash or a power cut.

Content is written beside its place, forced to disk, and renamed into place; then the folder that
holds the name is forced to disk too. Nobody ever sees a half-written file under its final name.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ssl_seg.core.errors import UserError

UNFINISHED = ".part"
"""Suffix of files that were being written; what a crash leaves of them is never published."""

SYNC_THREADS = 16
"""Forcing files to disk is waiting: file systems join requests that come at the same time."""


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that its name holds the old content or the new one, never a part.

    Missing folders are made. The temporary name is drawn anew each time, so that several processes
    may write the same file; the last one wins.
    """
    make_folder(path.parent)
    # The final name is left out of the temporary one, as it may use up the file system's limit.
    unfinished = path.parent / f".{secrets.token_hex(8)}{UNFINISHED}"
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write plain data as JSON with sorted keys, an indent of 1 and a newline at the end.

    Raises:
        ValueError: a number is not finite, which JSON cannot say; write None instead.
        TypeError: a value is not plain data.
    """
    try:
        text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{path}: cannot be written as JSON: {error}") from error
    write_bytes(path, f"{text}\n".encode())


def publish(source: Path, target: Path) -> None:
    """Move a finished folder to a name that is not taken yet; both on one file system.

    Every file and folder below it is on disk before the name exists.

    Raises:
        ValueError: the folder holds something other than plain files and folders.
        OSError: the target is there already and not empty, or on another file system.
    """
    with ThreadPoolExecutor(SYNC_THREADS) as pool:
        list(pool.map(sync, finished_files(source)))
    publish_synced(source, target)


def publish_synced(source: Path, target: Path) -> None:
    """Do the same for a folder whose files, though not its folders, are on disk already."""
    for folder, _, _ in os.walk(source, topdown=False):
        sync(Path(folder))
    make_folder(target.parent)
    source.rename(target)
    sync(target.parent)
    sync(source.parent)


def finished_files(folder: Path) -> Iterator[Path]:
    """List the files below a folder, sorted within each folder; remove what a crash left.

    Raises:
        ValueError: there is a link or a special file, which a rename would not make permanent.
    """
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from finished_files(path)
        elif not entry.is_file(follow_symlinks=False):
            raise ValueError(f"{path}: expected a plain file or folder; copy what it stands for")
        elif is_unfinished(entry.name):
            path.unlink()
        else:
            yield path


def is_unfinished(name: str) -> bool:
    """Tell whether a file of this name was still being written."""
    return name.startswith(".") and name.endswith(UNFINISHED)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, as durable as what is going to be written into them.

    Raises:
        UserError: one of them is a file.
    """
    if path.is_dir():
        return
    make_folder(path.parent)
    try:
        path.mkdir(exist_ok=True)
    except FileExistsError as error:
        raise UserError(f"{path}: expected a folder, but this is a file; name another") from error
    sync(path.parent)


def sync(path: Path) -> None:
    """Force a file's content, or a folder's list of names, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
