"""The slices with most foreground are kept, counted over all cases that may be seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.media.volumes.slice_filter import least_pixels

CASES = st.lists(st.lists(st.integers(0, 30), max_size=20), min_size=1, max_size=5).filter(
    lambda cases: any(map(any, cases))
)


def arrays(cases):
    return [np.array(counts, np.int64) for counts in cases]


@given(CASES, st.floats(0.01, 1))
def test_the_share_with_most_foreground_survives(cases, share):
    counts = [count for case in cases for count in case if count]
    wanted = max(1, math.floor(share * len(counts)))
    least = least_pixels(arrays(cases), share)
    kept = [count for count in counts if count >= least]
    strictly = [count for count in counts if count > least]
    assert least in counts
    assert len(strictly) < wanted <= len(kept)


def test_by_hand():
    """50 slices: floor(0.98 x 50) = 49 stay, so the smallest falls."""
    counts = [np.arange(1, 31), np.zeros(9, np.int64), np.arange(31, 51)]
    assert least_pixels(counts, 0.98) == 2
    assert least_pixels(counts, 1) == 1
    assert least_pixels(counts, 0.5) == 26
    assert least_pixels([np.array([0, 7])], 0.98) == 7


@pytest.mark.parametrize(("threshold", "least"), [(2, 2), (100, 100), (1.5, 2)])
def test_above_1_it_is_a_number_of_pixels(threshold, least):
    assert least_pixels([np.array([5, 0, 9])], threshold) == least


@pytest.mark.parametrize("counts", [[], [np.zeros(4, np.int64)] * 2])
def test_without_foreground_there_is_nothing_to_train_on(counts):
    with pytest.raises(ValueError, match=rf"none of the {8 if counts else 0} slices of"):
        least_pixels(counts, 0.98)


@pytest.mark.parametrize("threshold", [0, -0.5, math.nan, math.inf])
def test_other_thresholds_are_refused(threshold):
    with pytest.raises(ValueError, match="slice_threshold: expected a share"):
        least_pixels([np.array([1])], threshold)
