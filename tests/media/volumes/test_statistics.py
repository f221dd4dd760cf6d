"""Statistics are numpy's, whatever way they are found."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.media.volumes.statistics import Statistics

RNG = np.random.default_rng(0)
VOLUMES = {
    "uint8": RNG.integers(0, 256, (9, 8, 7), np.uint8),
    "int16": RNG.integers(-32768, 32768, (9, 8, 7), np.int16),
    "skewed": (RNG.exponential(30, (9, 8, 7)) - 1000).astype(np.int16),
    "float32": RNG.normal(5, 2, (9, 8, 7)).astype(np.float32),
    "far from 0": RNG.normal(1e6, 1, (30, 30, 30)).astype(np.float32),
    "fortran": np.asfortranarray(RNG.integers(-9, 9, (9, 8, 7), np.int16)),
    "one": np.full((1, 1, 1), -7, np.int16),
    "constant": np.full((2, 3, 4), 2.5, np.float32),
}


@pytest.mark.parametrize("name", VOLUMES)
def test_they_are_numpys(name):
    voxels = VOLUMES[name]
    found = Statistics.of(voxels)
    assert found.mean == pytest.approx(voxels.astype(np.float64).mean(), rel=1e-12)
    assert found.std == pytest.approx(voxels.astype(np.float64).std(), rel=1e-9)
    levels = np.arange(1001) / 1000
    expected = np.quantile(voxels.astype(np.float64), levels)
    assert np.allclose([found.quantile(level) for level in levels], expected, rtol=1e-12)


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=3000))
def test_counting_is_sorting(values):
    counted = Statistics.of(np.array(values, np.int16).reshape(1, 1, -1))
    ordered = Statistics.of(np.array(values, np.float32).reshape(1, 1, -1))
    assert counted.quantiles == ordered.quantiles
    assert counted.std == pytest.approx(ordered.std)


def test_between_known_levels_is_between_their_values():
    found = Statistics.of(np.arange(1001, dtype=np.int16).reshape(7, 11, 13))
    assert found.quantile(0.12345) == pytest.approx(123.45)


def test_they_are_plain_data():
    found = Statistics.of(VOLUMES["float32"])
    assert Statistics.from_plain(json.loads(json.dumps(found.plain()))) == found


def test_a_second_look_finds_the_same():
    assert Statistics.of(VOLUMES["float32"]) == Statistics.of(VOLUMES["float32"].copy())
