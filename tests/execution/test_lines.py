import logging
import math

import pytest

from ssl_seg.execution.lines import LogLines
from ssl_seg.execution.tally import Tally


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, logger="ssl_seg")
    return lambda: [record.getMessage() for record in caplog.records]


def test_each_stage_is_logged_when_it_starts_and_ends(stages, lines):
    train, *rest = stages
    log = LogLines(Tally(stages, skipped={train}), interval_s=math.inf)
    for name in rest:
        log.started(name)
        for done in range(stages[name].size + 1):
            log.advanced(name, done)
        log.finished(name)
    before, *rest = lines()
    assert before == "1 of 3 stages are done already"
    assert rest[0] == "stage 2 of 3: label 40 cases by initial (40 cases)"
    assert rest[1].startswith("label 40 cases by initial: done in ")
    assert rest[2] == "stage 3 of 3: evaluate 40 cases (40 cases)"
    assert rest[3].startswith("evaluate 40 cases: done in ")
    assert rest[3].endswith("; about 0 s left for all")
    assert len(rest) == 4


def test_the_way_through_a_stage_is_logged(stages, lines):
    train = next(iter(stages))
    log = LogLines(Tally(stages, skipped=()), interval_s=0)
    log.started(train)
    log.advanced(train, 0)
    log.advanced(train, 60)
    assert lines()[-2] == "train initial: 0/100 iterations"
    assert lines()[-1].startswith("train initial: 60/100 iterations; about ")


def test_stages_that_run_at_once_are_logged_each_by_its_own(stages, lines, monkeypatch):
    now = iter(range(0, 100, 10))
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    train, label, _ = stages
    log = LogLines(Tally(stages, skipped=()), interval_s=15)
    log.started(train)  # 0 s
    log.started(label)
    log.advanced(train, 1)  # 20 s
    log.advanced(label, 2)  # 30 s: 20 s after its start
    log.advanced(train, 3)  # 40 s: 20 s after its last line
    log.advanced(label, 4)
    log.failed(train, ValueError("no"))
    log.finished(label)
    starts, course = lines()[:2], lines()[2:]
    assert [line.partition(":")[0] for line in starts] == ["stage 1 of 3", "stage 2 of 3"]
    assert [line.partition(";")[0] for line in course] == [
        "train initial: 1/100 iterations",
        "label 40 cases by initial: 2/40 cases",
        "train initial: 3/100 iterations",
        "label 40 cases by initial: 4/40 cases",
        "train initial: failed after 1 min 00 s (ValueError)",
        "label 40 cases by initial: done in 1 min 00 s",
    ]


def test_a_stage_that_is_tried_again_keeps_its_number(stages, lines):
    train = next(iter(stages))
    log = LogLines(Tally(stages, skipped=()))
    for _ in range(2):
        log.started(train)
        log.failed(train, ValueError("no"))
    starts = [line for line in lines() if line.startswith("stage")]
    assert starts == ["stage 1 of 3: train initial (100 iterations)"] * 2
