"""What of a run is done, and how fast it goes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ssl_seg.core.stage import Stage
from ssl_seg.execution.estimate import cost, seconds_per_unit
from ssl_seg.execution.makespan import makespan


@dataclass
class Running:
    """A stage at work.

    Attributes:
        started: when, in seconds.
        done: iterations or cases that are done, those of an earlier run included.
        first_report: when the stage first said how much is done, and how much it was.
    """

    started: float
    done: int = 0
    first_report: tuple[float, int] | None = None

    def measured(self, now: float, done: int) -> tuple[int, float]:
        """Return units and seconds since the first report, or the start where there was none.

        Units that an earlier run did, and the time for building the model, do not count as speed.
        """
        begun, before = self.first_report or (self.started, 0)
        return done - before, now - begun


@dataclass
class Tally:
    """Counts stages and units of work; it takes the time from its callers and looks at no clock.

    Attributes:
        stages: all stages of the run, by fingerprint, each after those it builds on.
        skipped: fingerprints of those that were done before the run began.
        finished: fingerprints of those that this run finished.
        failed: fingerprints of those that failed and have not been started again.
        running: the stages at work, by fingerprint, in the order of their starts.
    """

    stages: Mapping[str, Stage]
    skipped: Collection[str]
    finished: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    running: dict[str, Running] = field(default_factory=dict)
    _most_at_once: int = 1
    _units: Counter[str] = field(default_factory=Counter)
    _seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def start(self, name: str, now: float) -> None:
        """Note that a stage starts; ``now`` is in seconds, here and below."""
        self.failed.discard(name)
        self.running[name] = Running(now)
        self._most_at_once = max(self._most_at_once, len(self.running))

    def advance(self, name: str, done: int, now: float) -> None:
        """Note how many units of a running stage are done."""
        at_work = self.running[name]
        at_work.done = done
        if at_work.first_report is None:
            at_work.first_report = (now, done)

    def finish(self, name: str, now: float) -> float:
        """Note that a running stage is done and return the seconds that it took."""
        at_work, stage = self.running.pop(name), self.stages[name]
        units, seconds = at_work.measured(now, stage.size)
        self._units[stage.kind] += units
        self._seconds[stage.kind] += seconds
        self.finished.add(name)
        return now - at_work.started

    def fail(self, name: str, now: float) -> float:
        """Note that a running stage has failed and return the seconds that it took."""
        self.failed.add(name)
        return now - self.running.pop(name).started

    @property
    def stages_done(self) -> int:
        """Number of stages that are done, by this run or before it."""
        return len(self.finished) + len(self.skipped)

    @property
    def cost_done(self) -> float:
        """Rough cost of all work that is done, in training iterations."""
        return self.cost_total - sum(
            cost(self.stages[name].kind, units) for name, units in self._units_left().items()
        )

    @property
    def cost_total(self) -> float:
        """Rough cost of the whole run, in training iterations."""
        return sum(cost(stage.kind, stage.size) for stage in self.stages.values())

    def seconds_left(self, now: float) -> float | None:
        """Estimate the rest of the run; ``None`` while nothing has been measured.

        As many stages are assumed to run at once as did so far. What builds on a failed stage does
        not count: it cannot run.
        """
        left = self._within_reach(self._units_left())
        if not any(left.values()):
            return 0.0
        rates = self._rates(now)
        if not rates:
            return None
        per_unit = seconds_per_unit(rates)
        seconds = {name: units * per_unit(self.stages[name].kind) for name, units in left.items()}
        inputs = {name: self.stages[name].inputs for name in seconds}
        return makespan(seconds, inputs, self._most_at_once)

    def _rates(self, now: float) -> dict[str, float]:
        """Return units per second of one stage at a time, by kind, as far as measured."""
        units, seconds = self._units.copy(), self._seconds.copy()
        for name, at_work in self.running.items():
            if at_work.first_report is not None:
                kind = self.stages[name].kind
                more_units, more_seconds = at_work.measured(now, at_work.done)
                units[kind] += more_units
                seconds[kind] += more_seconds
        return {
            kind: units[kind] / seconds[kind]
            for kind in units
            if units[kind] > 0 and seconds[kind] > 0
        }

    def _units_left(self) -> dict[str, int]:
        """Return the units that each unfinished stage lacks; stages at work come first."""
        left = {
            name: max(0, self.stages[name].size - at_work.done)
            for name, at_work in self.running.items()
        }
        for name, stage in self.stages.items():
            if name not in left and name not in self.finished and name not in self.skipped:
                left[name] = stage.size
        return left

    def _within_reach(self, left: Mapping[str, int]) -> dict[str, int]:
        """Leave out stages that failed and all that build on them."""
        lost = set(self.failed)
        for name, stage in self.stages.items():
            if not lost.isdisjoint(stage.inputs):
                lost.add(name)
        return {name: units for name, units in left.items() if name not in lost}
