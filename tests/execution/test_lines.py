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
    train, label, evaluate = stages.values()
    log = LogLines(Tally(stages, skipped={train.fingerprint}), interval_s=math.inf)
    for stage in (label, evaluate):
        log.start(stage)
        for done in range(stage.size + 1):
            log.advance(done)
        log.finish(stage)
    before, *rest = lines()
    assert before == "1 of 3 stages are done already"
    assert rest[0] == "stage 2 of 3: label 40 cases by initial (40 cases)"
    assert rest[1].startswith("label 40 cases by initial: done in ")
    assert rest[2] == "stage 3 of 3: evaluate 40 cases (40 cases)"
    assert rest[3].startswith("evaluate 40 cases: done in ")
    assert rest[3].endswith("; about 0 s left for all")
    assert len(rest) == 4


def test_the_way_through_a_stage_is_logged(stages, lines):
    train = next(iter(stages.values()))
    log = LogLines(Tally(stages, skipped=()), interval_s=0)
    log.start(train)
    log.advance(0)
    log.advance(60)
    assert lines()[-2] == "train initial: 0/100 iterations"
    assert lines()[-1].startswith("train initial: 60/100 iterations; about ")
