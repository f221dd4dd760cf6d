"""A label is trusted from the confidence on at which such labels are right often enough."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.data.calibration import least_levels

ROWS = st.lists(
    st.integers(0, 6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=8,
    max_size=8,
)


def isotonic(right, pixels):
    """Return the best rising fit at each level that has pixels, by its max-min formula."""
    at = np.flatnonzero(pixels)

    def mean(first, last):
        return right[at[first : last + 1]].sum() / pixels[at[first : last + 1]].sum()

    places = range(len(at))
    return {
        level: max(min(mean(a, b) for b in places if b >= k) for a in places if a <= k)
        for k, level in enumerate(at.tolist())
    }


@given(rows=st.lists(ROWS, min_size=1, max_size=3), share=st.sampled_from([0.1, 0.35, 0.55, 0.9]))
def test_levels_are_those_of_the_best_rising_fit(rows, share):
    right, pixels = np.array(rows, dtype=np.int64).transpose(2, 0, 1)
    for number, least in enumerate(least_levels(right, pixels, share)):
        fitted = isotonic(right[number], pixels[number])
        assert least == min((level for level, fit in fitted.items() if fit >= share), default=8)


def test_each_class_has_a_level_of_its_own():
    pixels = np.full((3, 4), 10)
    right = np.array([[1, 5, 8, 10], [9, 9, 9, 9], [0, 1, 2, 3]])
    assert least_levels(right, pixels, 0.8).tolist() == [2, 0, 4]


@pytest.mark.parametrize("share", [0.01, 0.5])
def test_a_class_that_nothing_is_known_of_is_not_trusted(share):
    nothing = np.zeros((1, 256), np.int64)
    assert least_levels(nothing, nothing, share).tolist() == [256]
