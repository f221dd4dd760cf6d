"""Native and canonical order are the same voxels at the same places."""

from __future__ import annotations

from itertools import permutations, product

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from ssl_seg.media.volumes.grid import Grid

SHAPE = (2, 3, 4)
SPACING = (0.7, 1.1, 2.5)
ORIENTATIONS = list(product(permutations(range(3)), product((1, -1), repeat=3)))


def aligned_affine(axes, signs):
    """File axis ``i`` runs along body axis ``axes[i]``."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    for number, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
        affine[axis, number] = sign * SPACING[number]
    affine[:3, 3] = (-20, 35, 7.5)
    return affine


def grid_of(affine, shape=SHAPE):
    return Grid(shape, tuple(map(tuple, affine.tolist())))


def by_places(voxels, affine):
    """Put every voxel where its coordinates rank among those of all, from the definition."""
    indices = np.indices(voxels.shape).reshape(3, -1)
    places = affine[:3, :3] @ indices + affine[:3, 3:]
    ranks = [np.unique(row.round(6), return_inverse=True)[1] for row in places]
    canonical = np.full([rank.max() + 1 for rank in ranks], -1)
    canonical[tuple(ranks)] = voxels.ravel()
    return canonical


@pytest.mark.parametrize(("axes", "signs"), ORIENTATIONS, ids=str)
def test_voxels_go_where_the_affine_says(axes, signs):
    affine = aligned_affine(axes, signs)
    grid = grid_of(affine)
    voxels = np.arange(24).reshape(SHAPE)
    canonical = grid.to_canonical(voxels)
    assert np.array_equal(canonical, by_places(voxels, affine))
    assert canonical.shape == grid.canonical_shape
    assert np.array_equal(grid.to_native(canonical), voxels)
    assert np.allclose(grid.spacing, SPACING)
    assert np.allclose(grid.canonical_spacing, [SPACING[axes.index(axis)] for axis in range(3)])


@given(
    angles=st.tuples(*[st.floats(-180, 180)] * 3),
    signs=st.tuples(*[st.sampled_from((1, -1))] * 3),
)
def test_oblique_scans_turn_as_nibabel_turns_them(angles, signs):
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() * signs * SPACING
    voxels = np.arange(24, dtype=np.int16).reshape(SHAPE)
    turned = nibabel.as_closest_canonical(nibabel.Nifti1Image(voxels, affine))
    grid = grid_of(affine)
    assert np.array_equal(grid.to_canonical(voxels), turned.dataobj)
    assert np.allclose(grid.canonical_spacing, nibabel.affines.voxel_sizes(turned.affine))
    assert np.array_equal(grid.to_native(grid.to_canonical(voxels)), voxels)


def test_leading_axes_stay():
    grid = grid_of(aligned_affine((2, 0, 1), (-1, 1, -1)))
    voxels = np.random.default_rng(0).random((5, 2, *SHAPE))
    canonical = grid.to_canonical(voxels)
    for outer, inner in np.ndindex(5, 2):
        assert np.array_equal(canonical[outer, inner], grid.to_canonical(voxels[outer, inner]))
    assert np.array_equal(grid.to_native(canonical), voxels)


def test_other_shapes_are_refused():
    grid = grid_of(aligned_affine((2, 0, 1), (1, 1, 1)))
    with pytest.raises(ValueError, match=r"in the native grid \(2, 3, 4\), got shape \(3, 4, 2\)"):
        grid.to_canonical(np.zeros((3, 4, 2)))
    with pytest.raises(ValueError, match=r"canonical grid \(3, 4, 2\), got shape \(2, 3, 4\)"):
        grid.to_native(np.zeros(SHAPE))


def test_a_file_tells_its_grid(write_nifti):
    affine = aligned_affine((1, 2, 0), (-1, 1, -1))
    grid = Grid.of(write_nifti(np.zeros(SHAPE, np.uint8), affine))
    assert grid.shape == SHAPE
    assert np.allclose(grid.affine, affine, atol=1e-6)
    assert {grid: 1}[Grid.of(write_nifti(np.ones(SHAPE, np.int16), affine))] == 1


def test_a_real_scan_is_in_order_already(real_data):
    grid = Grid.of(real_data / "ct_sample/example_ct_sm.nii.gz")
    assert grid.shape == grid.canonical_shape == (122, 101, 30)
    assert grid.spacing == grid.canonical_spacing == (3, 3, 3)
