"""Progress as live bars, for a terminal."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self, TextIO, final

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as RichProgress

from ssl_seg.execution.estimate import duration, unit
from ssl_seg.execution.tally import Tally

REDRAW_S = 0.1


@final
class Bars:
    """A bar for the whole run, weighted by work, and one for each running stage.

    What is printed or logged meanwhile appears above the bars. They are drawn when there is news
    and not by a thread: a loader worker that is forked while a thread draws would inherit a lock
    that nobody opens.

    Args:
        tally: of the run.
        console: the terminal.
    """

    def __init__(self, tally: Tally, console: Console) -> None:
        self._tally = tally
        self._last_drawn = 0.0
        self._streams: list[tuple[TextIO, TextIO]] = []
        self._display = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[status]}", markup=False),
            console=console,
            auto_refresh=False,
            # A standard output that goes into a file must arrive there.
            redirect_stdout=sys.stdout.isatty(),
        )
        self._run = self._display.add_task("all stages", total=tally.cost_total, status="")
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        plain = (sys.stdout, sys.stderr)
        self._display.start()
        self._streams = list(zip(plain, (sys.stdout, sys.stderr), strict=True))
        _repoint(self._streams)
        self._draw(time.monotonic())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._display.stop()
        _repoint([(redirected, plain) for plain, redirected in self._streams])

    def started(self, fingerprint: str) -> None:
        """Show a bar for the stage."""
        now = time.monotonic()
        self._tally.start(fingerprint, now)
        stage = self._tally.stages[fingerprint]
        self._bars[fingerprint] = self._display.add_task(stage.title, total=stage.size, status="")
        self._draw(now)

    def advanced(self, fingerprint: str, done: int) -> None:
        """Move the bars, unless they were drawn just before."""
        now = time.monotonic()
        self._tally.advance(fingerprint, done, now)
        if now - self._last_drawn >= REDRAW_S:
            self._draw(now)

    def finished(self, fingerprint: str) -> None:
        """Take the stage's bar away; leave a line with the time that it took."""
        now = time.monotonic()
        self._end(fingerprint, f"done in {duration(self._tally.finish(fingerprint, now))}", now)

    def failed(self, fingerprint: str, error: Exception) -> None:
        """Take the stage's bar away; leave a line that says so."""
        now = time.monotonic()
        seconds = self._tally.fail(fingerprint, now)
        self._end(fingerprint, f"failed after {duration(seconds)} ({type(error).__name__})", now)

    def _end(self, fingerprint: str, outcome: str, now: float) -> None:
        self._display.remove_task(self._bars.pop(fingerprint))
        line = f"{self._tally.stages[fingerprint].title}: {outcome}"
        self._display.console.print(line, markup=False, highlight=False)
        self._draw(now)

    def _draw(self, now: float) -> None:
        self._last_drawn = now
        tally = self._tally
        self._display.update(self._run, completed=tally.cost_done, status=_summary(tally, now))
        for name, bar in self._bars.items():
            stage, done = tally.stages[name], tally.running[name].done
            status = f"{done}/{stage.size} {unit(stage)}"
            self._display.update(bar, completed=done, status=status)
        self._display.refresh()


def _summary(tally: Tally, now: float) -> str:
    """Count the stages and state the time left: ``3/14 stages (2 before), 5 min 20 s left``."""
    before = f" ({len(tally.skipped)} before)" if tally.skipped else ""
    failed = f", {len(tally.failed)} failed" if tally.failed else ""
    seconds = tally.seconds_left(now)
    left = "" if seconds is None else f", {duration(seconds)} left"
    return f"{tally.stages_done}/{len(tally.stages)} stages{before}{failed}{left}"


def _repoint(streams: list[tuple[TextIO, TextIO]]) -> None:
    """Let log handlers that write to one stream write to another.

    A handler keeps the stream that it was made with, past any redirection of ``sys.stderr``.
    """
    for handler in _stream_handlers():
        for old, new in streams:
            if handler.stream is old:
                handler.setStream(new)
                break


def _stream_handlers() -> Iterator[logging.StreamHandler[Any]]:
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    for logger in loggers:
        for handler in getattr(logger, "handlers", ()):  # a placeholder has none
            if isinstance(handler, logging.StreamHandler):
                yield handler
