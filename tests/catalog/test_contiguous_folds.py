import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.catalog.contiguous_folds import FoldPart, fold_range


@pytest.mark.parametrize(
    ("cases", "sizes"),
    [(82, [20, 20, 21, 21]), (80, [20] * 4), (281, [70, 70, 70, 71]), (260, [65] * 4)],
)
def test_the_published_folds(cases, sizes):
    assert [len(fold_range(cases, 4, fold)) for fold in range(4)] == sizes


def test_the_folds_of_82_cases_are_those_of_the_released_code():
    folds = [fold_range(82, 4, fold) for fold in range(4)]
    assert [(fold[0] + 1, fold[-1] + 1) for fold in folds] == [
        (1, 20),
        (21, 40),
        (41, 61),
        (62, 82),
    ]


@given(st.integers(2, 12).flatmap(lambda k: st.tuples(st.just(k), st.integers(k, 300))))
def test_folds_follow_each_other_and_differ_by_one_case_at_most(folds_and_cases):
    folds, cases = folds_and_cases
    ranges = [fold_range(cases, folds, fold) for fold in range(folds)]
    assert [at for fold in ranges for at in fold] == list(range(cases))
    sizes = [len(fold) for fold in ranges]
    assert sizes == sorted(sizes)
    assert sizes[-1] - sizes[0] <= 1


def test_train_is_what_test_leaves():
    cases = [f"{number:04}" for number in range(1, 83)]
    test = FoldPart("test", 2, 4).of(cases)
    assert test == cases[40:61]
    assert FoldPart("train", 2, 4).of(cases) == cases[:40] + cases[61:]


def test_all_cases_are_no_part():
    assert FoldPart.chosen(None, 0, 4) is None
    assert FoldPart.chosen("test", 1, 2) == FoldPart("test", 1, 2)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("tset", 0, 4), r"^part: .*did you mean 'test'"),
        (("test", 4, 4), "^fold: expected a whole number from 0 to 3"),
        (("test", -1, 4), "^fold: "),
        (("test", 0.5, 4), "^fold: "),
        (("test", True, 4), "^fold: "),
        (("test", 0, 1), "^folds: expected a whole number of at least 2, got 1"),
        (("test", 0, "4"), "^folds: "),
        ((None, 1, 4), "^fold: all cases are asked for, .* add part='train'"),
    ],
)
def test_bad_arguments_are_refused(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        FoldPart.chosen(*arguments)


def test_fewer_cases_than_folds_are_refused():
    with pytest.raises(ValueError, match="3 cases cannot be divided into 4 folds"):
        FoldPart("test", 0, 4).of("abc")
