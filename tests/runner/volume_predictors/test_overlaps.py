"""Each slice gets the mean over the windows that contain it."""

from __future__ import annotations

import numpy as np
import pytest

from ssl_seg.runner.volume_predictors.overlaps import averaged, windows_of_slices


def slow(windows):
    """Average slice by slice: window w says of slice w - 1 + place."""
    means = []
    for number in range(len(windows)):
        found = [
            windows[window][:, place]
            for window in range(len(windows))
            for place in range(3)
            if window - 1 + place == number
        ]
        means.append(sum(found) / len(found))
    return np.stack(means, axis=1)


@pytest.mark.parametrize("batch", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 10])
def test_averages_are_those_of_a_slow_loop(count, batch):
    windows = np.random.default_rng(count).random((count, 2, 3, 4, 5), np.float32)
    batches = [windows[start : start + batch] for start in range(0, count, batch)]
    result = np.full((2, count, 4, 5), np.nan, np.float32)
    expected_start = 0
    for start, maps in averaged(batches, windows_of_slices(count)):
        assert start == expected_start
        expected_start += maps.shape[1]
        result[:, start:expected_start] = maps
    assert expected_start == count
    assert np.allclose(result, slow(windows), atol=1e-6)


def test_inner_slices_lie_in_three_windows_and_outer_ones_in_two():
    assert windows_of_slices(5).tolist() == [2, 3, 3, 3, 2]
    assert windows_of_slices(2).tolist() == [2, 2]
    assert windows_of_slices(1).tolist() == [1]
