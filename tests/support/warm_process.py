"""A process that has imported the training side and forks a child for each request.

A run of the command then starts in milliseconds, in a process of its own that can be killed. One
line of JSON on standard input asks for a function of `watched_run` with its arguments; one line
with the child's exit status (negative for a signal) answers.
"""

from __future__ import annotations

import json
import os
import sys
import traceback


def serve() -> None:
    """Answer requests until standard input ends."""
    import watched_run

    watched_run.import_all()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _run(json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _run(request) -> None:
    """Run one request in the child and end it, past the parent's own clean-up."""
    import watched_run

    status = 70
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    os.environ.update(request["environment"])
    try:
        status = getattr(watched_run, request["function"])(**request["arguments"]) or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
    os._exit(0)  # taking all modules down one by one takes seconds
