"""What people see while a plan is walked: bars on a terminal, log lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from ssl_seg.core.stage import Stage
from ssl_seg.execution.events import Events
from ssl_seg.execution.lines import LogLines
from ssl_seg.execution.tally import Tally


@contextmanager
def progress(stages: Mapping[str, Stage], done: Collection[str]) -> Iterator[Events]:
    """Show the progress of a run as long as the block lasts.

    Args:
        stages: all stages of the run, by fingerprint.
        done: fingerprints of those that are done already; others than these stages do not count.

    Yields:
        What the executor reports to.
    """
    tally = Tally(stages, skipped=stages.keys() & set(done))
    if not sys.stderr.isatty():
        yield LogLines(tally)
        return

    from rich.console import Console  # noqa: PLC0415 - not needed to see that all is done

    from ssl_seg.execution.bars import Bars  # noqa: PLC0415

    console = Console(stderr=True)
    if not console.is_interactive:  # a terminal that cannot move its cursor
        yield LogLines(tally)
        return
    with Bars(tally, console) as bars:
        yield bars
