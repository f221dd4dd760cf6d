import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.execution.makespan import makespan


@st.composite
def graphs(draw):
    """Seconds of up to eight stages, and for each the earlier ones that it builds on."""
    count = draw(st.integers(0, 8))
    seconds = {str(n): float(draw(st.integers(0, 20))) for n in range(count)}
    earlier = {str(n): [str(m) for m in range(n)] for n in range(count)}
    inputs = {
        name: draw(st.lists(st.sampled_from(before), unique=True)) if before else []
        for name, before in earlier.items()
    }
    return seconds, inputs


def longest_chain(seconds, inputs):
    ends = {}
    for name, own in seconds.items():
        ends[name] = own + max((ends[one] for one in inputs[name]), default=0)
    return max(ends.values(), default=0)


@given(graph=graphs())
def test_one_at_a_time_takes_the_sum(graph):
    seconds, inputs = graph
    assert makespan(seconds, inputs, 1) == sum(seconds.values())


@given(graph=graphs())
def test_with_room_for_all_only_the_longest_chain_counts(graph):
    seconds, inputs = graph
    assert makespan(seconds, inputs, max(1, len(seconds))) == longest_chain(seconds, inputs)


@given(graph=graphs(), at_once=st.integers(1, 4))
def test_the_end_lies_between_what_must_be_and_what_is_wasteful(graph, at_once):
    seconds, inputs = graph
    work, chain = sum(seconds.values()), longest_chain(seconds, inputs)
    end = makespan(seconds, inputs, at_once)
    assert end >= max(chain, work / at_once)
    assert end <= chain + (work - chain) / at_once  # Graham's bound


def test_a_free_place_is_not_kept_for_a_stage_that_has_to_wait():
    seconds = {"first": 10.0, "after it": 10.0, "other": 10.0, "after other": 10.0}
    inputs = {"first": [], "after it": ["first"], "other": [], "after other": ["other"]}
    assert makespan(seconds, inputs, 2) == 20


def test_inputs_that_are_done_are_not_waited_for():
    assert makespan({"b": 5.0}, {"b": ["a"]}, 2) == pytest.approx(5)
