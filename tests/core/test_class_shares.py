"""Pixels by class, and which classes pseudo labels have lost."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.core.case import Case, DataFile, LabelFile
from ssl_seg.core.class_shares import class_pixels, vanished
from ssl_seg.core.space import LabelSpace, LabelValues

GREY = (7, 7, 7)
SPACE = LabelSpace("three", ("a", "b", "c"), (GREY,) * 3, ignore=200)
VALUES = LabelValues(SPACE, ((4, 0), (5, 2), (6, 0), (7, 200), (9, 1), (255, 200)))

COUNTS = st.lists(st.integers(0, 3) | st.integers(0, 10**9), min_size=3, max_size=3)


def labeled_case(mask):
    values, counts = np.unique(mask, return_counts=True)
    pixels = tuple(zip(values.tolist(), counts.tolist(), strict=True))
    return Case("x", DataFile("x.jpg", "i"), LabelFile("x.png", "l", pixels), "g")


@given(
    st.lists(
        st.lists(st.sampled_from([value for value, _ in VALUES.table]), min_size=1), min_size=1
    )
)
def test_pixels_are_those_of_the_masks_as_they_are_read(masks):
    lookup = np.array([SPACE.ignore if n is None else n for n in VALUES.lookup()])
    read = np.concatenate([lookup[mask] for mask in masks])
    expected = [int((read == number).sum()) for number in range(3)]
    assert list(class_pixels(map(labeled_case, masks), VALUES)) == expected


def test_cases_without_a_label_count_nothing():
    case = labeled_case([4, 4, 5])
    assert class_pixels([case.without_label(), case], VALUES) == (2, 0, 1)
    uncounted = replace(case, label=LabelFile("x.png", "l"))
    assert class_pixels([uncounted], VALUES) == (0, 0, 0)


@pytest.mark.parametrize(
    ("pseudo", "labeled", "lost"),
    [
        ((90, 10, 0), (80, 10, 10), (2,)),
        ((90, 10, 0), (90, 10, 0), ()),
        ((90, 0, 10), (100, 0, 0), ()),
        ((999, 1, 0), (900, 100, 0), ()),
        ((9991, 9, 0), (900, 100, 0), (1,)),
        ((0, 0, 7), (5, 5, 5), (0, 1)),
        ((0, 0, 0), (5, 5, 5), ()),
        ((5, 5, 5), (0, 0, 0), ()),
    ],
    ids=[
        "not predicted at all",
        "in neither",
        "in the pseudo labels only",
        "a hundredth of the share",
        "less than a hundredth",
        "all but one",
        "no pseudo labels",
        "no labeled set",
    ],
)
def test_a_class_has_vanished_below_a_hundredth_of_its_share(pseudo, labeled, lost):
    assert vanished(pseudo, labeled) == lost


@given(COUNTS, COUNTS)
def test_the_limit_is_one_of_exact_shares(pseudo, labeled):
    if not sum(pseudo) or not sum(labeled):
        assert vanished(pseudo, labeled) == ()
        return
    shares = [
        (Fraction(left, sum(pseudo)), Fraction(known, sum(labeled)))
        for left, known in zip(pseudo, labeled, strict=True)
    ]
    expected = [at for at, (left, known) in enumerate(shares) if left < known / 100]
    assert list(vanished(pseudo, labeled)) == expected


def test_the_size_of_the_sets_does_not_matter():
    pseudo, labeled = (10**12, 10**9, 3), (700, 200, 100)
    assert vanished(pseudo, [10**10 * count for count in labeled]) == vanished(pseudo, labeled)
    assert vanished(pseudo, labeled) == (1, 2)


def test_different_spaces_cannot_be_compared():
    with pytest.raises(ValueError, match="longer"):
        vanished((1, 2), (1, 2, 3))
