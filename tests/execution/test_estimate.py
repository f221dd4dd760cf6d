import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.execution.estimate import UNIT_COSTS, duration, seconds_per_unit

kinds = st.sampled_from(sorted(UNIT_COSTS))
speeds = st.dictionaries(kinds, st.floats(0.01, 1000), min_size=1)


@given(rates=speeds)
def test_measured_kinds_take_what_they_took(rates):
    per_unit = seconds_per_unit(rates)
    assert {kind: per_unit(kind) for kind in rates} == pytest.approx(
        {kind: 1 / rate for kind, rate in rates.items()}
    )


def test_a_kind_that_has_not_run_is_guessed_from_the_others():
    on_this_machine = 3.0  # seconds for a training iteration
    guess = seconds_per_unit({"train": 1 / on_this_machine})("label")
    assert guess == pytest.approx(UNIT_COSTS["label"] * on_this_machine)


@given(kind=kinds, rates=speeds, factor=st.floats(0.1, 10))
def test_a_machine_twice_as_fast_needs_half_the_time(kind, rates, factor):
    faster = {name: rate * factor for name, rate in rates.items()}
    slow, fast = seconds_per_unit(rates)(kind), seconds_per_unit(faster)(kind)
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
