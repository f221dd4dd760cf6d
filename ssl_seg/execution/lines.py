"""Progress as log lines, for runs without a terminal."""

from __future__ import annotations

import logging
import time
from typing import final

from ssl_seg.execution.estimate import duration, unit
from ssl_seg.execution.tally import Tally

_log = logging.getLogger(__name__)


@final
class LogLines:
    """Logs when a stage starts and ends, and how far it is in between.

    Args:
        tally: of the run.
        interval_s: least seconds between two lines within a stage.
    """

    def __init__(self, tally: Tally, *, interval_s: float = 15.0) -> None:
        self._tally = tally
        self._interval_s = interval_s
        self._last_line: dict[str, float] = {}
        if tally.skipped:
            _log.info("%d of %d stages are done already", tally.stages_done, len(tally.stages))

    def started(self, fingerprint: str) -> None:
        """Log that a stage starts."""
        now = time.monotonic()
        tally, stage = self._tally, self._tally.stages[fingerprint]
        tally.start(fingerprint, now)
        self._last_line[fingerprint] = now
        number = tally.stages_done + len(tally.failed) + len(tally.running)
        total = len(tally.stages)
        _log.info("stage %d of %d: %s (%d %s)", number, total, stage.title, stage.size, unit(stage))

    def advanced(self, fingerprint: str, done: int) -> None:
        """Log how far a stage is, unless a line on it was written just before."""
        now = time.monotonic()
        self._tally.advance(fingerprint, done, now)
        if now - self._last_line[fingerprint] >= self._interval_s:
            self._last_line[fingerprint] = now
            stage, left = self._tally.stages[fingerprint], time_left(self._tally, now)
            _log.info("%s: %d/%d %s%s", stage.title, done, stage.size, unit(stage), left)

    def finished(self, fingerprint: str) -> None:
        """Log that a stage is done and how long it took."""
        now = time.monotonic()
        seconds = self._tally.finish(fingerprint, now)
        title = self._tally.stages[fingerprint].title
        _log.info("%s: done in %s%s", title, duration(seconds), time_left(self._tally, now))

    def failed(self, fingerprint: str, error: Exception) -> None:
        """Log that a stage has failed."""
        seconds = self._tally.fail(fingerprint, time.monotonic())
        title = self._tally.stages[fingerprint].title
        _log.error("%s: failed after %s (%s)", title, duration(seconds), type(error).__name__)


def time_left(tally: Tally, now: float) -> str:
    """Return the end of a line that states the run's time left, empty while it is not known."""
    seconds = tally.seconds_left(now)
    return "" if seconds is None else f"; about {duration(seconds)} left for all"
