from dataclasses import replace

import pytest

from ssl_seg.execution.estimate import UNIT_COSTS
from ssl_seg.execution.tally import Tally


@pytest.fixture
def tally(stages):
    return Tally(stages, skipped=())


def cost_of(stages, name):
    return UNIT_COSTS[stages[name].kind] * stages[name].size


def test_a_run_from_its_start_to_its_end(tally, stages):
    costs = [cost_of(stages, name) for name in stages]
    assert tally.cost_total == pytest.approx(sum(costs))
    assert tally.cost_done == pytest.approx(0)
    for number, (name, stage) in enumerate(stages.items()):
        assert tally.stages_done == number
        tally.start(name, now=10.0 * number)
        tally.advance(name, 0, now=10.0 * number + 2)
        tally.advance(name, stage.size // 2, now=10.0 * number + 6)
        assert tally.cost_done == pytest.approx(sum(costs[:number]) + costs[number] / 2)
        assert tally.finish(name, now=10.0 * number + 10) == 10
    assert tally.stages_done == 3
    assert tally.cost_done == tally.cost_total
    assert tally.seconds_left(now=30.0) == 0


def test_the_time_left_comes_from_the_measured_rates(tally, stages):
    train, label, evaluate = stages
    assert tally.seconds_left(now=0) is None
    tally.start(train, now=0)
    tally.advance(train, 0, now=50)  # building the model does not count
    assert tally.seconds_left(now=50) is None
    tally.advance(train, 50, now=75)
    rest = 0.5 * (UNIT_COSTS["label"] * 40 + UNIT_COSTS["evaluate"] * 40)
    assert tally.seconds_left(now=75) == pytest.approx(25 + rest)
    tally.finish(train, now=100)
    tally.start(label, now=100)
    tally.advance(label, 0, now=100)
    tally.advance(label, 20, now=104)
    per_cost = (0.5 + 0.2 / UNIT_COSTS["label"]) / 2
    expected = 4 + per_cost * cost_of(stages, evaluate)
    assert tally.seconds_left(now=104) == pytest.approx(expected)


def test_what_an_earlier_run_did_does_not_count_as_speed(tally, stages):
    train = next(iter(stages))
    tally.start(train, now=0)
    tally.advance(train, 90, now=1)
    tally.advance(train, 95, now=11)
    rest = 2.0 * (UNIT_COSTS["label"] * 40 + UNIT_COSTS["evaluate"] * 40)
    assert tally.seconds_left(now=11) == pytest.approx(10 + rest)


def test_a_stage_without_reports_counts_as_a_whole(tally, stages):
    train, label, evaluate = stages
    tally.start(train, now=0)
    tally.finish(train, now=200)
    rest = 2.0 * (cost_of(stages, label) + cost_of(stages, evaluate))
    assert tally.seconds_left(now=200) == pytest.approx(rest)


def test_stages_of_earlier_runs_are_neither_left_nor_measured(stages):
    train, label, evaluate = stages
    tally = Tally(stages, skipped={train, label})
    assert tally.stages_done == 2
    assert tally.cost_total - tally.cost_done == pytest.approx(cost_of(stages, evaluate))
    assert tally.seconds_left(now=0) is None


@pytest.fixture
def trainings(stages):
    """Four trainings of 100 iterations that depend on nothing, by fingerprint."""
    train = next(iter(stages.values()))
    made = [replace(train, seed=seed) for seed in range(4)]
    return {stage.fingerprint: stage for stage in made}


def test_trainings_side_by_side_share_the_time_that_is_left(trainings):
    tally = Tally(trainings, skipped=())
    first, second, *_ = trainings
    for name in (first, second):
        tally.start(name, now=0)
        tally.advance(name, 0, now=0)
    tally.advance(first, 50, now=50)
    tally.advance(second, 50, now=50)
    assert tally.cost_done == 100
    # Fifty seconds for these two, a hundred for the next two.
    assert tally.seconds_left(now=50) == pytest.approx(150)
    assert tally.finish(first, now=100) == 100
    assert tally.finish(second, now=100) == 100
    assert tally.seconds_left(now=100) == pytest.approx(100)


def test_stages_of_one_kind_are_measured_together(trainings):
    tally = Tally(trainings, skipped=list(trainings)[2:])
    fast, slow, *_ = trainings
    for name in (fast, slow):
        tally.start(name, now=0)
        tally.advance(name, 0, now=0)
    tally.advance(fast, 75, now=50)
    tally.advance(slow, 25, now=50)
    # One iteration a second each on average; the slow one lacks 75.
    assert tally.seconds_left(now=50) == pytest.approx(75)


def test_what_builds_on_a_failed_stage_is_not_waited_for(stages, trainings):
    train, label, _ = stages
    other = list(trainings)[1]  # the first one is the stage that is labelled with
    tally = Tally({**stages, other: trainings[other]}, skipped=())
    for name in (train, other):
        tally.start(name, now=0)
        tally.advance(name, 0, now=0)
        tally.advance(name, 50, now=50)
    assert tally.seconds_left(now=50) > 50
    assert tally.fail(train, now=60) == 60
    assert tally.failed == {train}
    assert tally.seconds_left(now=60) == pytest.approx(60)
    assert tally.cost_done == 50
    tally.start(train, now=70)
    assert tally.failed == set()
    assert label not in tally.running
