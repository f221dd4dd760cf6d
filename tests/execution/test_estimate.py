import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.execution.estimate import UNIT_COSTS, duration, seconds_left

kinds = st.sampled_from(sorted(UNIT_COSTS))
counts = st.dictionaries(kinds, st.integers(0, 10**6), min_size=1)
speeds = st.dictionaries(kinds, st.floats(0.01, 1000))


def test_measured_kinds_take_what_they_took():
    remaining = {"train": 100, "label": 30}
    assert seconds_left(remaining, {"train": 2.0, "label": 10.0}) == pytest.approx(53)


def test_a_kind_that_has_not_run_is_guessed_from_the_others():
    on_this_machine = 3.0  # seconds for a training iteration
    guess = seconds_left({"label": 10}, {"train": 1 / on_this_machine})
    assert guess == pytest.approx(10 * UNIT_COSTS["label"] * on_this_machine)


def test_nothing_is_told_before_anything_is_measured():
    assert seconds_left({"train": 1}, {}) is None


@given(remaining=counts, rates=speeds)
def test_no_time_is_left_if_and_only_if_no_work_is(remaining, rates):
    left = seconds_left(remaining, rates)
    if any(remaining.values()):
        assert (left is None) == (not rates)
        assert left is None or left > 0
    else:
        assert left == 0


@given(remaining=counts, rates=speeds.filter(bool), factor=st.floats(0.1, 10))
def test_a_machine_twice_as_fast_needs_half_the_time(remaining, rates, factor):
    faster = {kind: rate * factor for kind, rate in rates.items()}
    slow, fast = seconds_left(remaining, rates), seconds_left(remaining, faster)
    assert fast * factor == pytest.approx(slow)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.6, "1 min 00 s"),
        (61, "1 min 01 s"),
        (3599.7, "1 h 00 min"),
        (90000, "25 h 00 min"),
    ],
)
def test_times_are_rounded_before_they_are_divided(seconds, text):
    assert duration(seconds) == text
