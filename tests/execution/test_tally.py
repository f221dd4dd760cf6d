import pytest

from ssl_seg.execution.estimate import UNIT_COSTS
from ssl_seg.execution.tally import Tally


@pytest.fixture
def tally(stages):
    return Tally(stages, skipped=())


def test_a_run_from_its_start_to_its_end(tally, stages):
    costs = [UNIT_COSTS[stage.kind] * stage.size for stage in stages.values()]
    assert tally.cost_total == pytest.approx(sum(costs))
    assert tally.cost_done == pytest.approx(0)
    for number, stage in enumerate(stages.values()):
        assert tally.stages_done == number
        tally.start(stage, now=10.0 * number)
        tally.advance(0, now=10.0 * number + 2)
        tally.advance(stage.size // 2, now=10.0 * number + 6)
        assert tally.cost_done == pytest.approx(sum(costs[:number]) + costs[number] / 2)
        assert tally.finish(stage, now=10.0 * number + 10) == 10
    assert tally.stages_done == 3
    assert tally.cost_done == tally.cost_total
    assert tally.seconds_left(now=30.0) == 0


def test_the_time_left_comes_from_the_measured_rates(tally, stages):
    train, label, evaluate = stages.values()
    assert tally.seconds_left(now=0) is None
    tally.start(train, now=0)
    tally.advance(0, now=50)  # building the model does not count
    assert tally.seconds_left(now=50) is None
    tally.advance(50, now=75)
    rest = 0.5 * (UNIT_COSTS["label"] * 40 + UNIT_COSTS["evaluate"] * 40)
    assert tally.seconds_left(now=75) == pytest.approx(25 + rest)
    tally.finish(train, now=100)
    tally.start(label, now=100)
    tally.advance(0, now=100)
    tally.advance(20, now=104)
    per_cost = (0.5 + 0.2 / UNIT_COSTS["label"]) / 2
    assert tally.seconds_left(now=104) == pytest.approx(4 + per_cost * cost_of(evaluate))


def cost_of(stage):
    return UNIT_COSTS[stage.kind] * stage.size


def test_what_an_earlier_run_did_does_not_count_as_speed(tally, stages):
    train = next(iter(stages.values()))
    tally.start(train, now=0)
    tally.advance(90, now=1)
    tally.advance(95, now=11)
    rest = 2.0 * (UNIT_COSTS["label"] * 40 + UNIT_COSTS["evaluate"] * 40)
    assert tally.seconds_left(now=11) == pytest.approx(10 + rest)


def test_a_stage_without_reports_counts_as_a_whole(tally, stages):
    train, label, evaluate = stages.values()
    tally.start(train, now=0)
    tally.finish(train, now=200)
    rest = 2.0 * (cost_of(label) + cost_of(evaluate))
    assert tally.seconds_left(now=200) == pytest.approx(rest)


def test_stages_of_earlier_runs_are_neither_left_nor_measured(stages):
    train, label, evaluate = stages.values()
    tally = Tally(stages, skipped={train.fingerprint, label.fingerprint})
    assert tally.stages_done == 2
    assert tally.cost_total - tally.cost_done == pytest.approx(cost_of(evaluate))
    assert tally.seconds_left(now=0) is None
