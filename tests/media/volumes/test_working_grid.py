"""Resampling moves no slice out of the body, and images, labels and predictions keep in step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from ssl_seg.media.volumes.grid import Grid
from ssl_seg.media.volumes.working_grid import WorkingGrid


def grid_of(slices, spacing, shape=(3, 2)):
    """An upside-down grid, so that canonical and native order differ."""
    affine = np.diag([0.5, 0.5, -spacing, 1.0])
    return Grid((*shape, slices), tuple(map(tuple, affine.tolist())))


GRIDS = st.builds(grid_of, st.integers(1, 40), st.floats(0.2, 6))
SPACINGS = st.floats(0.3, 8)


@given(GRIDS, SPACINGS)
def test_the_distance_of_slices_is_the_nearest_that_keeps_both_ends(grid, spacing):
    *plane, slices = WorkingGrid(spacing).shape(grid)
    extent = (grid.shape[2] - 1) * grid.canonical_spacing[2]
    assert tuple(plane) == grid.canonical_shape[:2]
    assert (slices == 1) == (grid.shape[2] == 1)
    if extent >= spacing:
        error = abs(extent / (slices - 1) - spacing)
        assert error <= spacing / (2 * (slices - 1)) + 1e-6


@given(GRIDS, SPACINGS)
def test_images_are_linear_between_slices(grid, spacing):
    voxels = np.random.default_rng(0).normal(size=grid.canonical_shape).astype(np.float32)
    worked = WorkingGrid(spacing).image(voxels, grid)
    assert worked.dtype == np.float32
    assert worked.shape == WorkingGrid(spacing).shape(grid)
    source = np.arange(voxels.shape[2])
    wanted = np.linspace(0, voxels.shape[2] - 1, worked.shape[2])
    for x, y in np.ndindex(voxels.shape[:2]):
        assert np.allclose(worked[x, y], np.interp(wanted, source, voxels[x, y]), atol=1e-5)


def test_images_agree_with_scipy():
    grid = grid_of(7, 2.5, (4, 5))
    voxels = np.random.default_rng(0).normal(size=grid.shape).astype(np.float32)
    worked = WorkingGrid(1.0).image(voxels, grid)
    expected = ndimage.zoom(voxels, (1, 1, 16 / 7), order=1)
    assert worked.shape == expected.shape == (4, 5, 16)
    assert np.allclose(worked, expected, atol=1e-5)


@given(GRIDS, SPACINGS)
def test_whole_numbers_are_rounded(grid, spacing):
    voxels = np.random.default_rng(0).integers(-32768, 32768, grid.canonical_shape, np.int16)
    worked = WorkingGrid(spacing).image(voxels, grid)
    exact = WorkingGrid(spacing).image(voxels.astype(np.float32), grid)
    assert worked.dtype == np.int16
    assert np.abs(worked - exact).max() <= 0.5


@given(GRIDS, SPACINGS)
def test_labels_are_those_of_the_nearest_slice(grid, spacing):
    labels = np.random.default_rng(0).integers(0, 256, grid.canonical_shape, np.uint8)
    worked = WorkingGrid(spacing).labels(labels, grid)
    assert worked.dtype == np.uint8
    assert worked.shape == WorkingGrid(spacing).shape(grid)
    source, target = grid.shape[2], worked.shape[2]
    for index in range(target):
        distances = np.abs(np.arange(source) * (target - 1) - index * (source - 1))
        nearest = np.flatnonzero(distances == distances.min())
        assert any(np.array_equal(worked[..., index], labels[..., near]) for near in nearest)


@given(GRIDS, SPACINGS)
def test_predictions_come_back_to_where_they_were(grid, spacing):
    """A slope survives both ways, whatever the numbers of slices."""
    working = WorkingGrid(spacing)
    height = np.linspace(-1, 1, grid.shape[2], dtype=np.float32)
    voxels = np.broadcast_to(height, grid.canonical_shape)
    planes = np.stack([working.image(voxels, grid)] * 2)
    returned = working.back(planes, grid)
    assert returned.dtype == np.float32
    assert returned.shape == (2, *grid.canonical_shape)
    assert np.allclose(returned, voxels, atol=1e-5)


def test_it_is_the_canonical_z_that_is_resampled():
    affine = ((0, 0, 1.0, 0), (0, 1.0, 0, 0), (-4.0, 0, 0, 0), (0, 0, 0, 1.0))
    assert WorkingGrid(2.0).shape(Grid((5, 6, 7), affine)) == (7, 6, 9)


def test_without_a_spacing_nothing_is_touched():
    grid = grid_of(5, 2.5)
    voxels = np.zeros(grid.shape, np.uint8)
    for working in (WorkingGrid(), WorkingGrid(2.5)):
        assert working.shape(grid) == grid.shape
        assert working.image(voxels, grid) is voxels
        assert working.labels(voxels, grid) is voxels
        assert working.back(voxels, grid) is voxels


@pytest.mark.parametrize("spacing", [0, -1, float("nan"), float("inf"), True, "1"])
def test_other_spacings_are_refused(spacing):
    with pytest.raises(ValueError, match="slice_spacing: expected the distance"):
        WorkingGrid(spacing)


@pytest.mark.parametrize("method", ["image", "labels", "back"])
def test_other_shapes_are_refused(method):
    with pytest.raises(ValueError, match=r"expected voxels of shape \(3, 2, .*got \(3, 2, 1\)"):
        getattr(WorkingGrid(1.0), method)(np.zeros((3, 2, 1), np.uint8), grid_of(5, 2.5))
