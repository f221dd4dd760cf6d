from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.data.sample_order import SampleOrder

SIZES, KINDS = (3, 4, 5), ("labeled", "pseudo", "pseudo")
CASES = [(source, case) for source, size in enumerate(SIZES) for case in range(size)]
TRUE = [entry for entry in CASES if KINDS[entry[0]] == "labeled"]
PSEUDO = [entry for entry in CASES if KINDS[entry[0]] == "pseudo"]
MIXES = ["concat", {"labeled": 0.5}, {"labeled": 0.3}, {"labeled": 1, "pseudo": 3}]


def order(mix="concat", seed=7):
    return SampleOrder(KINDS, SIZES, mix, seed)


def stream(made, count):
    return [made.at(place) for place in range(count)]


def passes(entries, size):
    """Cut a stream into its whole passes over a list of the given size."""
    return [entries[at : at + size] for at in range(0, len(entries) - size + 1, size)]


def test_each_pass_visits_each_case_once_in_a_new_order():
    rounds = passes(stream(order(), 10 * len(CASES)), len(CASES))
    assert all(sorted(visited) == CASES for visited in rounds)
    assert len({tuple(visited) for visited in rounds}) == 10


@pytest.mark.parametrize("share", [0.5, 0.3, 0.25, 0.9, 1 / 3])
def test_an_interleave_visits_each_case_of_both_lists_once_a_pass(share):
    drawn = stream(order({"labeled": share}), 400)
    for entries in (TRUE, PSEUDO):
        own = [entry for entry in drawn if entry in entries]
        assert all(sorted(visited) == entries for visited in passes(own, len(entries)))


@pytest.mark.parametrize("share", [0.5, 0.3, 0.25, 0.9, 1 / 3, 0.01])
def test_an_interleave_is_exact_at_every_place(share):
    """The true samples up to any place are the share of it, rounded; so for any batch size."""
    true = 0
    for place in range(3000):
        true += order({"labeled": share}).at(place) in TRUE
        assert abs(true - share * (place + 1)) < 1 + 1e-9


THREE = ("labeled", "pseudo", "unlabeled")
COUNTS = {"labeled": 2, "pseudo": 1, "unlabeled": 4}


@given(st.tuples(*[st.integers(1, 5)] * 3), st.integers(0, 2**32))
def test_counts_are_exact_in_every_batch(counts, seed):
    made = SampleOrder(THREE, SIZES, dict(zip(THREE, counts, strict=True)), seed)
    for batch in made.batches(sum(counts), 0, 6):
        assert tuple(Counter(index.source for index in batch)[at] for at in range(3)) == counts


def test_counts_visit_each_item_of_each_kind_once_a_pass():
    drawn = stream(SampleOrder(THREE, SIZES, COUNTS, 7), 700)
    for source, size in enumerate(SIZES):
        own = [item for of, item in drawn if of == source]
        assert all(sorted(visited) == list(range(size)) for visited in passes(own, size))


@pytest.mark.parametrize("changed", THREE)
def test_how_many_of_one_kind_moves_no_other(changed):
    def drawn(counts):
        entries = stream(SampleOrder(THREE, SIZES, counts, 7), 700)
        return {kind: [e for e in entries if THREE[e[0]] == kind] for kind in THREE}

    before, after = drawn(COUNTS), drawn({**COUNTS, changed: 7})
    for kind in THREE:
        shared = min(len(before[kind]), len(after[kind]))
        assert shared > 50
        assert before[kind][:shared] == after[kind][:shared]


def test_shares_and_counts_draw_the_same_order_of_each_kind():
    share = stream(order({"labeled": 0.25}), 400)
    counts = stream(order({"labeled": 1, "pseudo": 3}), 400)
    for entries in (TRUE, PSEUDO):
        assert [e for e in share if e in entries] == [e for e in counts if e in entries]


def test_half_and_half_takes_turns():
    drawn = stream(order({"labeled": 0.5}), 20)
    assert [entry in TRUE for entry in drawn] == [False, True] * 10


@pytest.mark.parametrize("mix", MIXES, ids=str)
def test_batches_of_any_size_draw_one_stream(mix):
    drawn = stream(order(mix), 60)
    for size in (1, 2, 3, 4, 5, 60):
        batches = order(mix).batches(size, 0, 60 // size)
        assert [(t.source, t.item) for batch in batches for t in batch] == drawn


@pytest.mark.parametrize("mix", MIXES, ids=str)
def test_batches_from_an_iteration_on_are_the_tail_of_all(mix):
    everything = list(order(mix).batches(4, 0, 30))
    for start in (0, 1, 7, 29, 30):
        assert list(order(mix).batches(4, start, 30)) == everything[start:]


def test_indices_say_where_they_stand():
    indices = [index for batch in order().batches(4, 2, 5) for index in batch]
    assert [(t.iteration, t.position) for t in indices] == [
        (i, p) for i in (2, 3, 4) for p in range(4)
    ]


@pytest.mark.parametrize("mix", MIXES, ids=str)
def test_the_seed_alone_decides(mix):
    assert stream(order(mix, seed=7), 50) == stream(order(mix, seed=7), 50)
    assert stream(order(mix, seed=7), 50) != stream(order(mix, seed=8), 50)


def test_places_can_be_asked_in_any_order():
    made = order({"labeled": 0.5})
    assert [made.at(place) for place in reversed(range(200))][::-1] == stream(made, 200)


def test_the_order_is_pinned():
    """It must never change: stored results are named by what made them, not by a version."""
    drawn = stream(SampleOrder(("labeled",), (5,), "concat", 0), 10)
    assert [case for _, case in drawn] == [2, 4, 3, 0, 1, 1, 2, 4, 3, 0]


def test_the_order_in_which_numbers_are_written_changes_nothing():
    """Fingerprints do not tell it."""
    written = order({"labeled": 3, "pseudo": 1}), order({"pseudo": 1, "labeled": 3})
    assert stream(written[0], 40) == stream(written[1], 40)


@pytest.mark.parametrize("mix", [{"labeled": 0.5}, {"labeled": 2, "pseudo": 2}], ids=str)
@pytest.mark.parametrize("kind", ["labeled", "pseudo"])
def test_with_one_kind_of_source_there_is_nothing_to_mix(kind, mix):
    mixed = SampleOrder([kind] * 3, SIZES, mix, 7)
    assert stream(mixed, 40) == stream(SampleOrder([kind] * 3, SIZES, "concat", 7), 40)


def test_equal_chances_in_a_concatenation():
    counted = Counter(stream(order(), 50 * len(CASES)))
    assert set(counted.values()) == {50}


def test_batches_are_made_as_they_are_asked_for():
    endless = order().batches(2, 0, 10**12)
    assert len(list(islice(endless, 3))) == 3


REPEATS = ((1, 3, 1), (2, 1, 1, 1), (1, 1, 1, 1, 4))
REPEATED = [
    (source, case)
    for source, counts in enumerate(REPEATS)
    for case, count in enumerate(counts)
    for _ in range(count)
]


def repeated(mix="concat", seed=7):
    return SampleOrder(KINDS, SIZES, mix, seed, REPEATS)


def test_each_pass_visits_each_case_as_often_as_told_in_a_new_order():
    rounds = passes(stream(repeated(), 10 * len(REPEATED)), len(REPEATED))
    assert all(sorted(visited) == REPEATED for visited in rounds)
    assert len({tuple(visited) for visited in rounds}) == 10


@pytest.mark.parametrize("share", [0.5, 0.3, 1 / 3])
def test_an_interleave_repeats_inside_both_lists_and_keeps_its_share(share):
    drawn = stream(repeated({"labeled": share}), 600)
    for entries in (TRUE, PSEUDO):
        own = [entry for entry in drawn if entry in entries]
        expected = [entry for entry in REPEATED if entry in entries]
        assert all(sorted(visited) == expected for visited in passes(own, len(expected)))
    plain = stream(order({"labeled": share}), 600)
    assert [entry in TRUE for entry in drawn] == [entry in TRUE for entry in plain]


@pytest.mark.parametrize("mix", MIXES, ids=str)
def test_once_each_is_the_order_of_old(mix):
    """Bit for bit: results that are stored already must not change."""
    once = SampleOrder(KINDS, SIZES, mix, 7, [[1] * size for size in SIZES])
    assert stream(once, 300) == stream(order(mix), 300)


@given(
    st.lists(st.lists(st.integers(1, 4), max_size=5), min_size=1, max_size=4).filter(any),
    st.sampled_from(MIXES),
    st.integers(1, 7),
    st.integers(0, 12),
    st.integers(0, 2**32),
)
def test_a_resumed_order_is_the_tail_of_the_whole(repeats, mix, batch_size, start, seed):
    sizes = [len(counts) for counts in repeats]
    kinds = [("labeled", "pseudo")[source % 2] for source in range(len(sizes))]

    def indices(first):
        made = SampleOrder(kinds, sizes, mix, seed, repeats)
        return list(made.batches(batch_size, first, 12))

    assert indices(start) == indices(0)[start:]


@pytest.mark.parametrize("repeats", [((1, 1), (1, 1)), ((1, 1, 1),), ((1, 1), (1, 1, 1), ())])
def test_repeats_of_other_cases_are_an_error(repeats):
    with pytest.raises(ValueError, match="zip"):
        SampleOrder(("labeled", "pseudo"), (2, 3), "concat", 0, repeats)


def test_a_case_that_stands_in_no_pass_is_an_error():
    with pytest.raises(ValueError, match="item 1 of source 1 is to stand in no pass"):
        SampleOrder(("labeled", "pseudo"), (2, 3), "concat", 0, ((1, 1), (1, 0, 1)))


def test_no_sample_at_all_is_an_error():
    with pytest.raises(ValueError, match="no sample to train on"):
        SampleOrder(("labeled", "pseudo"), (0, 0), "concat", 0)
