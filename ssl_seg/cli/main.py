"""The console script ``ssl-seg``."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable, Sequence

COMMANDS = {
    "train": "run the schedule of a config",
    "test": "score a trained model on the test set of a config",
    "predict": "label a folder of images with a trained model",
    "benchmark": "run several configs and seeds, sharing what they have in common",
    "report": "print the report of a work dir and write it anew",
    "prepare_data": "prepare a published data set",
}


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

    Returns:
        The exit status: 0, or 1 after an error that was printed.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    run: Callable[[Sequence[str] | None], None] = importlib.import_module(
        f"ssl_seg.cli.{command}"
    ).run
    try:
        run(arguments)
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        if _is_ours(error):
            notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
            print(f"error: {error}{notes}", file=sys.stderr)
            return 1
        raise
    return 0


def _is_ours(error: BaseException) -> bool:
    """Tell whether the project raised the error itself; any other is a bug and keeps its trace."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith("ssl_seg")
