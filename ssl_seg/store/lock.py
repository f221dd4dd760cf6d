"""A work dir has one writer at a time."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ssl_seg.core.errors import UserError
from ssl_seg.store.atomic import make_folder

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

LOCK_NAME = ".lock"

_held: dict[tuple[int, int], int] = {}
"""Device and inode of the lock files that a process of this id holds.

A record lock does not keep its own process out, and closing any descriptor of the file gives the
lock up; so a lock file that this process holds must not be opened a second time.
"""


class WorkDirInUseError(UserError):
    """Another run is writing into the work dir."""


@contextmanager
def writer_lock(work_dir: Path) -> Iterator[None]:
    """Be the only writer of a work dir as long as the block lasts, or the process.

    It is a POSIX record lock: it ends with the process that took it, however that ends, and forked
    children (loader workers) that outlive it do not keep it. Readers need no lock.

    Raises:
        WorkDirInUseError: another run has it; the message names its host and process id.
        UserError: the system or the file system has no such locks.
    """
    if fcntl is None:
        raise UserError(
            "ssl_seg needs POSIX record locks (Python's fcntl module) to keep a second run out of "
            "a work dir, and this system has none; use Linux, macOS or, on Windows, WSL"
        )
    make_folder(work_dir)
    path = work_dir / LOCK_NAME
    if path.exists() and _held.get(_identity(path.stat())) == os.getpid():
        raise WorkDirInUseError(f"{work_dir}: this process (id {os.getpid()}) is writing into it")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    identity = _identity(os.fstat(descriptor))
    try:
        _take(descriptor, work_dir)
        _held[identity] = os.getpid()
        yield
    finally:
        _held.pop(identity, None)
        os.close(descriptor)


def _identity(status: os.stat_result) -> tuple[int, int]:
    """Tell files apart whatever path leads to them."""
    return status.st_dev, status.st_ino


def _take(descriptor: int, work_dir: Path) -> None:
    """Lock the open lock file and write down who has it."""
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        raise WorkDirInUseError(
            f"{work_dir}: {_holder(descriptor)} is writing into it; wait for it to end, or use "
            "another --work-dir"
        ) from error
    except OSError as error:
        raise UserError(
            f"{work_dir}: its file system has no record locks ({error}), so nothing would keep a "
            "second run out; use a --work-dir on another file system"
        ) from error
    record = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{json.dumps(record)}\n".encode(), 0)


def _holder(descriptor: int) -> str:
    """Say who has the lock, as far as the file tells."""
    try:
        record: Any = json.loads(os.pread(descriptor, 4096, 0))
        return f"process {record['pid']} on {record['host']} (since {record['started']})"
    except (ValueError, KeyError, TypeError):  # it has just been taken and has no content yet
        return "another run"
