from collections import Counter
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.core.split import (
    Split,
    count_of,
    draw_groups,
    draw_random,
    draw_spread,
    fold_reference,
    shared_groups,
)

DRAWS = pytest.mark.parametrize("draw", [draw_random, draw_spread])
SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=8)
"""How many cases the groups have."""


@pytest.fixture(scope="session")
def grouped(made_up):
    """Make cases in groups of given sizes."""

    def make(sizes):
        parts = (made_up.cases(f"g{at}", size, groups=1) for at, size in enumerate(sizes))
        return tuple(case for part in parts for case in part)

    return make


def sizes_by_group(cases):
    return Counter(case.group for case in cases)


@pytest.mark.parametrize("total", [1, 7, 37, 50, 367, 1000])
def test_fractions_are_rounded_half_up_as_they_are_written(total):
    for thousandth in range(1, 1000):
        expected = (2 * thousandth * total + 1000) // 2000
        if expected:
            assert count_of(thousandth / 1000, total, "split.labeled") == expected
        else:
            with pytest.raises(ValueError, match="give 1 to"):
                count_of(thousandth / 1000, total, "split.labeled")


@given(total=st.integers(1, 100), data=st.data())
def test_whole_numbers_are_counts(total, data):
    count = data.draw(st.integers(1, total))
    assert count_of(count, total, "split.labeled") == count


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (0, "asks for 0 of 10"),
        (11, "asks for 11 of 10 cases; give 1 to 10"),
        (-3, "asks for -3"),
        (0.01, "asks for 0 of 10"),
        (0.0, "between 0 and 1, got 0.0"),
        (1.0, "write a whole number for a count"),
        (float("nan"), "got nan"),
        (True, "got True"),
        ("half", "got 'half'"),
        (None, "got None"),
    ],
)
def test_impossible_amounts_are_refused_by_key(amount, reason):
    with pytest.raises(ValueError, match=rf"^split\.labeled.*{reason}"):
        count_of(amount, 10, "split.labeled")


@DRAWS
@given(sizes=SIZES, seed=st.integers(0, 99), data=st.data())
def test_a_draw_has_the_size_asked_for_and_keeps_the_order(grouped, draw, sizes, seed, data):
    cases = grouped(sizes)
    count = data.draw(st.integers(1, len(cases)))
    drawn = draw(cases, count, seed)
    assert len(drawn) == count
    chosen = {case.id for case in drawn}
    assert drawn == tuple(case for case in cases if case.id in chosen)


@DRAWS
def test_the_seed_changes_the_draw_and_nothing_else_does(grouped, draw):
    cases = grouped([6, 6, 6])
    draws = [draw(cases, 6, seed) for seed in range(20)]
    assert len(set(draws)) > 10
    assert draws == [draw(cases, 6, seed) for seed in range(20)]


@DRAWS
def test_every_case_is_drawn_by_some_seed(grouped, draw):
    cases = grouped([5, 3])
    assert {case for seed in range(60) for case in draw(cases, 2, seed)} == set(cases)


@given(sizes=SIZES, seed=st.integers(0, 99), data=st.data())
def test_a_spread_draw_gives_each_group_its_share(grouped, sizes, seed, data):
    cases = grouped(sizes)
    count = data.draw(st.integers(1, len(cases)))
    drawn = sizes_by_group(draw_spread(cases, count, seed))
    for group, size in sizes_by_group(cases).items():
        fair = Fraction(size * count, len(cases))
        assert abs(drawn[group] - fair) < 1


@given(sizes=SIZES, seed=st.integers(0, 99), data=st.data())
def test_a_spread_draw_takes_one_case_of_every_run_of_neighbours(grouped, sizes, seed, data):
    cases = grouped(sizes)
    count = data.draw(st.integers(1, len(cases)))
    chosen = {case.id for case in draw_spread(cases, count, seed)}
    for group, size in sizes_by_group(cases).items():
        taken = [case.id in chosen for case in cases if case.group == group]
        if share := sum(taken):
            longest = -(-size // share)
            # Wherever it starts, a window of this length holds a whole run of neighbours.
            window = 2 * longest - 1
            starts = range(size - window + 1)
            assert all(any(taken[start : start + window]) for start in starts)
            # A window no longer than a run meets two runs at most.
            assert all(sum(taken[start : start + size // share]) <= 2 for start in range(size))


def nearest(sizes, count):
    """Return the sizes that subsets of the groups have, all but none and all, nearest first."""
    sums = {sum(some) for n in range(1, len(sizes)) for some in combinations(sizes, n)}
    return min(sums, key=lambda total: (abs(total - count), total))


@given(
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=7),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_a_draw_of_groups_parts_none_and_is_as_near_as_can_be(grouped, sizes, seed, data):
    cases = grouped(sizes)
    count = data.draw(st.integers(1, len(cases) - 1))
    drawn = draw_groups(cases, count, seed)
    rest = [case for case in cases if case not in drawn]
    assert shared_groups(rest, drawn) == []
    assert len(drawn) == nearest(sizes, count)
    assert drawn == tuple(case for case in cases if case in drawn)


def test_groups_are_drawn_by_seed_and_each_by_some_seed(grouped):
    cases = grouped([3, 3, 3, 3, 3])
    draws = [draw_groups(cases, 6, seed) for seed in range(40)]
    assert len(set(draws)) == 10
    assert draws == [draw_groups(cases, 6, seed) for seed in range(40)]


def test_all_groups_can_be_drawn_and_of_one_no_part(grouped):
    assert draw_groups(grouped([4, 3]), 7, 0) == grouped([4, 3])
    assert draw_groups(grouped([4]), 4, 0) == grouped([4])
    with pytest.raises(ValueError, match=r"^split\.draw='groups' .* 2 of 4 cases.* 'g00'"):
        draw_groups(grouped([4]), 2, 0)


def test_shared_groups_are_named_once_in_order(made_up):
    first, second = made_up.cases("x", 6, groups=3), made_up.cases("x", 9, groups=9)
    assert shared_groups(first, second) == ["x0", "x1", "x2"]
    assert shared_groups(first, made_up.cases("y", 3)) == []


@given(sizes=SIZES, folds=st.integers(2, 5), seed=st.integers(0, 99))
def test_folds_are_disjoint_and_cover_the_reference(grouped, sizes, folds, seed):
    cases = grouped(sizes)
    if len(cases) < folds:
        with pytest.raises(ValueError, match=f"{len(cases)} reference cases .* {folds} folds"):
            fold_reference(cases, folds, seed)
        return
    parts = fold_reference(cases, folds, seed).parts
    assert len(parts) == folds
    assert all(parts)
    assert sorted(case.id for part in parts for case in part) == sorted(case.id for case in cases)


@given(sizes=st.lists(st.integers(1, 9), min_size=4, max_size=12), seed=st.integers(0, 99))
def test_with_enough_groups_folds_are_whole_and_balanced(grouped, sizes, seed):
    cases = grouped(sizes)
    folds = fold_reference(cases, len(sizes) // 2, seed)
    assert folds.whole_groups
    groups = [{case.group for case in part} for part in folds.parts]
    assert sum(map(len, groups)) == len(sizes)
    longest = max(folds.parts, key=len)
    # Without its smallest group no other fold would be smaller: it went to the emptiest one.
    smallest = min(sizes_by_group(longest).values())
    assert len(longest) - smallest <= min(len(part) for part in folds.parts)


@given(
    sizes=st.lists(st.integers(1, 9), min_size=4, max_size=12),
    seed=st.integers(0, 99),
    random=st.randoms(use_true_random=False),
)
def test_whole_group_folds_do_not_depend_on_the_listing(grouped, sizes, seed, random):
    cases = grouped(sizes)
    shuffled = random.sample(cases, len(cases))
    folds = [
        [{case.id for case in part} for part in fold_reference(order, 2, seed).parts]
        for order in (cases, shuffled)
    ]
    assert folds[0] == folds[1]


@given(folds=st.integers(2, 5), groups=st.integers(1, 3), seed=st.integers(0, 99))
def test_with_few_groups_folds_are_blocks_of_neighbours(made_up, folds, groups, seed):
    cases = made_up.cases("r", 17, groups=groups)
    found = fold_reference(cases, folds, seed)
    assert found.whole_groups is (groups >= 2 * folds)
    if not found.whole_groups:
        assert tuple(case for part in found.parts for case in part) == cases
        lengths = [len(part) for part in found.parts]
        assert max(lengths) - min(lengths) <= 1


def test_the_seed_changes_the_folds(made_up):
    cases = made_up.cases("r", 12)
    assert len({fold_reference(cases, 2, seed).parts for seed in range(20)}) > 10


def test_a_case_stands_in_one_list_only(made_up):
    first, second = made_up.cases("x", 2)
    with pytest.raises(ValueError, match=r"'x/1' is in two lists, labeled and test .*x/images/1"):
        Split(labeled=(first, second), test=(second.without_label(),))


def test_equal_ids_of_different_files_are_different_cases(made_up):
    here, there = made_up.cases("x", 2), made_up.cases("x", 2, root="/elsewhere")
    assert Split(labeled=here, test=there).lists()["test"] == there


def test_a_split_without_labeled_cases_is_refused(made_up):
    with pytest.raises(ValueError, match="no labeled case"):
        Split(labeled=(), reference=made_up.cases("r", 2))
