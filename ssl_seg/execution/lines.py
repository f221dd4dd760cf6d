"""Progress as log lines, for runs without a terminal."""

from __future__ import annotations

import logging
import time
from typing import final

from ssl_seg.core.stage import Stage
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
        self._last_line = 0.0
        if tally.skipped:
            _log.info("%d of %d stages are done already", tally.stages_done, len(tally.stages))

    def start(self, stage: Stage) -> None:
        """Log that a stage starts."""
        self._last_line = time.monotonic()
        self._tally.start(stage, self._last_line)
        number, total = self._tally.stages_done + 1, len(self._tally.stages)
        _log.info("stage %d of %d: %s (%d %s)", number, total, stage.title, stage.size, unit(stage))

    def advance(self, units_done: int) -> None:
        """Log how far the running stage is, unless a line was written just before."""
        now = time.monotonic()
        self._tally.advance(units_done, now)
        stage = self._tally.current
        if stage is not None and now - self._last_line >= self._interval_s:
            self._last_line = now
            left = time_left(self._tally, now)
            _log.info("%s: %d/%d %s%s", stage.title, units_done, stage.size, unit(stage), left)

    def finish(self, stage: Stage) -> None:
        """Log that a stage is done and how long it took."""
        now = time.monotonic()
        seconds = self._tally.finish(stage, now)
        _log.info("%s: done in %s%s", stage.title, duration(seconds), time_left(self._tally, now))


def time_left(tally: Tally, now: float) -> str:
    """Return the end of a line that tells the run's time left, empty while it is not known."""
    seconds = tally.seconds_left(now)
    return "" if seconds is None else f"; about {duration(seconds)} left for all"
