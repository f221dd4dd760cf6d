"""The console script ``ssl-seg``."""

from __future__ import annotations

import errno
import importlib
import logging
import signal
import sys
from collections.abc import Callable, Sequence

from ssl_seg.core.errors import UserError

COMMANDS = {
    "train": "run the whole schedule of a config",
    "test": "score a trained model on the test set of a config",
    "predict": "label a folder of images or volumes with a trained model",
    "benchmark": "run several configs with several seeds; what they have in common runs once",
    "report": "write and print the report of a work dir",
    "prepare_data": "prepare a published data set",
}

MACHINE_FAULTS = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "your quota is used up: make room, or ask for more",
    errno.EROFS: "name a place that can be written to",
    errno.EACCES: "change its permissions, or name another place",
    errno.EPERM: "change its permissions, or name another place",
    errno.EIO: "the disk or network drive may be failing: check it",
}
"""Errors of the operating system that no change of the program mends, and what does."""

INTERRUPTED = 128 + int(signal.SIGINT)
"""The exit status by which shells tell that a program ended by Ctrl-C."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``ssl-seg COMMAND ...``; ``tools/COMMAND.py ...`` does the same."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] not in COMMANDS:
        lines = [f"  {name:<13} {what}" for name, what in COMMANDS.items()]
        print("usage: ssl-seg COMMAND ...\n\n" + "\n".join(lines))
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    return call(arguments[0], arguments[1:])


def call(command: str, arguments: Sequence[str] | None = None) -> int:
    """Run one command; what the user can mend becomes a message instead of a traceback.

    Every other exception is a bug, of the program or of a plug-in, and passes. With ``--debug``
    all of them do.

    Returns:
        The exit status: 0, 1 after an error that was printed, or 130 after Ctrl-C.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    given = sys.argv[1:] if arguments is None else arguments
    run: Callable[[Sequence[str]], None] = importlib.import_module(f"ssl_seg.cli.{command}").run
    try:
        run(given)
    except (UserError, OSError) as error:
        message = _message(error)
        if message is None or "--debug" in given:
            raise
        notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
        print(f"error: {message}{notes}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if "--debug" in given:
            raise
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def _message(error: UserError | OSError) -> str | None:
    """Return what to print of an error in place of its traceback; ``None`` for a bug."""
    if isinstance(error, UserError):
        # A loader worker's error arrives with the worker's traceback before its own text.
        return str(error).rpartition(f"{UserError.__module__}.{UserError.__name__}: ")[2].rstrip()
    if error.errno not in MACHINE_FAULTS:
        return None
    place = "" if error.filename is None else f"{error.filename}: "
    return f"{place}{error.strerror}; {MACHINE_FAULTS[error.errno]}"
