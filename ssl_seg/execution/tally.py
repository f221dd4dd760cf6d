"""What of a run is done, and how fast it goes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ssl_seg.core.stage import Stage
from ssl_seg.execution.estimate import cost, seconds_left


@dataclass
class Tally:
    """Counts stages and units of work; told the time, it never looks at a clock.

    Attributes:
        stages: all stages of the run, by fingerprint.
        skipped: fingerprints of those that were done before the run began.
        finished: fingerprints of those that this run finished.
        current: the stage that is running.
        units_done: iterations or cases of the current stage that are done.
    """

    stages: Mapping[str, Stage]
    skipped: Collection[str]
    finished: set[str] = field(default_factory=set)
    current: Stage | None = None
    units_done: int = 0
    _started: float = 0.0
    _first_report: tuple[float, int] | None = None
    _units: Counter[str] = field(default_factory=Counter)
    _seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def start(self, stage: Stage, now: float) -> None:
        """Note that a stage starts; ``now`` is in seconds, here and below."""
        self.current = stage
        self.units_done = 0
        self._started = now
        self._first_report = None

    def advance(self, units_done: int, now: float) -> None:
        """Note how many units of the current stage are done.

        Speed is measured from the stage's first report on: units that an earlier run did, and the
        time for building the model, do not count.
        """
        self.units_done = units_done
        if self._first_report is None:
            self._first_report = (now, units_done)

    def finish(self, stage: Stage, now: float) -> float:
        """Note that the current stage is done and return the seconds that it took."""
        units, seconds = self._measured(now, stage.size)
        self._units[stage.kind] += units
        self._seconds[stage.kind] += seconds
        self.finished.add(stage.fingerprint)
        self.current = None
        return now - self._started

    def _measured(self, now: float, units_done: int) -> tuple[int, float]:
        """Return units and seconds of the current stage since its first report, or its start."""
        begun, before = self._first_report or (self._started, 0)
        return units_done - before, now - begun

    @property
    def stages_done(self) -> int:
        """Number of stages that are done, by this run or before it."""
        return len(self.finished) + len(self.skipped)

    @property
    def cost_done(self) -> float:
        """Rough cost of all work that is done, in training iterations."""
        return self.cost_total - sum(cost(*item) for item in self._remaining().items())

    @property
    def cost_total(self) -> float:
        """Rough cost of the whole run, in training iterations."""
        return sum(cost(stage.kind, stage.size) for stage in self.stages.values())

    def seconds_left(self, now: float) -> float | None:
        """Estimate the rest of the run; ``None`` while nothing has been measured."""
        units, seconds = self._units.copy(), self._seconds.copy()
        if self.current is not None and self._first_report is not None:
            more_units, more_seconds = self._measured(now, self.units_done)
            units[self.current.kind] += more_units
            seconds[self.current.kind] += more_seconds
        rates = {
            kind: units[kind] / seconds[kind]
            for kind in units
            if units[kind] > 0 and seconds[kind] > 0
        }
        return seconds_left(self._remaining(), rates)

    def _remaining(self) -> Counter[str]:
        remaining: Counter[str] = Counter()
        for fingerprint, stage in self.stages.items():
            if fingerprint not in self.finished and fingerprint not in self.skipped:
                remaining[stage.kind] += stage.size
        if self.current is not None:
            remaining[self.current.kind] -= min(self.units_done, self.current.size)
        return remaining
