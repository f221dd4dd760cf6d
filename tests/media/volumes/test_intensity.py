"""Exactly one rule makes inputs of values, the same for all slices of a volume."""

from __future__ import annotations

import numpy as np
import pytest

from ssl_seg.media.volumes.intensity import Percentiles, Window, ZScore, intensity_rule
from ssl_seg.media.volumes.statistics import Statistics

VOXELS = np.random.default_rng(0).normal(300, 80, (20, 18, 16)).astype(np.int16)
STATISTICS = Statistics.of(VOXELS)


def test_a_window_is_mapped_to_0_and_1():
    values = np.array([[-3000, -101, -100, 70, 155, 240, 241, 32767]], np.int16)
    inputs = intensity_rule((-100, 240), None, zscore=False)(values, STATISTICS)
    assert inputs.dtype == np.float32
    assert inputs.tolist() == [[0, 0, 0, 0.5, 0.75, 1, 1, 1]]


def test_percentiles_are_of_the_volume_not_of_the_slice():
    inputs = intensity_rule(None, [0.5, 99.5], zscore=False)(VOXELS[..., 3], STATISTICS)
    low, high = np.percentile(VOXELS, [0.5, 99.5])
    expected = np.clip((VOXELS[..., 3] - low) / (high - low), 0, 1)
    assert inputs.dtype == np.float32
    assert np.allclose(inputs, expected, atol=1e-6)
    whole = intensity_rule(None, [0.5, 99.5], zscore=False)(VOXELS, STATISTICS)
    assert 0.004 < (whole == 0).mean() < 0.02
    assert 0.004 < (whole == 1).mean() < 0.02


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_zscore_makes_mean_0_and_deviation_1(dtype):
    voxels = VOXELS.astype(dtype)
    inputs = intensity_rule(None, None, zscore=True)(voxels, Statistics.of(voxels))
    assert inputs.dtype == np.float32
    assert inputs.mean() == pytest.approx(0, abs=1e-5)
    assert inputs.std() == pytest.approx(1, abs=1e-5)
    assert np.allclose(inputs, (VOXELS - VOXELS.mean()) / VOXELS.std(), atol=1e-5)


def test_uint8_values_do_not_wrap():
    values = np.array([0, 9, 10, 255], np.uint8)
    assert Window(10, 20)(values, STATISTICS).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("window", "percentiles", "zscore", "said"),
    [
        (None, None, False, "got none"),
        ((0, 1), (1, 99), False, "got window and percentiles"),
        ((0, 1), None, True, "got window and zscore"),
        ((0, 1), (1, 99), True, "got window and percentiles and zscore"),
    ],
)
def test_exactly_one_rule_is_set(window, percentiles, zscore, said):
    with pytest.raises(ValueError, match=f"expected exactly one intensity rule .*{said}$"):
        intensity_rule(window, percentiles, zscore)


@pytest.mark.parametrize(
    "limits", [(1,), (), (2, 1), (1, 1), (0, np.nan), (0, np.inf), ("a", "b"), 5]
)
def test_a_range_has_two_ends(limits):
    with pytest.raises(ValueError, match="window: expected two numbers, the lower first, got"):
        intensity_rule(limits, None, zscore=False)
    with pytest.raises(ValueError, match=r"percentiles: expected two numbers in \[0, 100\]"):
        intensity_rule(None, limits, zscore=False)


@pytest.mark.parametrize("limits", [(-1, 50), (50, 101)])
def test_percentiles_lie_in_0_to_100(limits):
    with pytest.raises(ValueError, match=r"percentiles: expected two numbers in \[0, 100\]"):
        intensity_rule(None, limits, zscore=False)


def test_volumes_without_contrast_are_refused():
    flat = np.zeros((10, 10, 10), np.int16)
    flat[0, 0, 0] = 5
    with pytest.raises(ValueError, match="percentiles 1 and 99 of the volume are both 0"):
        Percentiles(1, 99)(flat, Statistics.of(flat))
    with pytest.raises(ValueError, match="all values of the volume are 0"):
        ZScore()(0 * flat, Statistics.of(0 * flat))
