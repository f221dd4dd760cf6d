"""Cuts are views of the same voxels: along the body's axes, or as each file was acquired."""

from __future__ import annotations

from itertools import permutations, product

import nibabel
import numpy as np
import pytest

from ssl_seg.core.views import BODY_VIEWS, VIEWS
from ssl_seg.media.volumes.cut import BODY_CUTS, cut_of
from ssl_seg.media.volumes.grid import Grid

BODY = np.arange(4 * 5 * 3).reshape(4, 5, 3)  # z, y, x
LAYOUTS = list(product(permutations(range(3)), product((1, -1), repeat=3)))
"""Body axis and direction of each axis of a file: all 48."""


def stored(order, signs, spacing, shape=(3, 4, 5), turn=0.0):
    """Return voxels (x, y, z) of a file, and its affine; no two voxels are alike."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, (body, sign) in enumerate(zip(order, signs, strict=True)):
        affine[body, axis] = sign * spacing[axis]
    affine[:3, :3] = nibabel.eulerangles.euler2mat(turn, turn / 2, -turn) @ affine[:3, :3]
    affine[:3, 3] = (5, -6, 7)
    return np.arange(np.prod(shape)).reshape(shape), affine


def canonical(voxels, affine):
    """Return voxels (z, y, x) of the body, by nibabel alone."""
    image = nibabel.as_closest_canonical(nibabel.Nifti1Image(voxels.astype(np.int16), affine))
    return np.asarray(image.dataobj).T


def grid_of(voxels, affine):
    return Grid(voxels.shape, tuple(map(tuple, affine.tolist())))


@pytest.mark.parametrize(("view", "number"), [("axial", 0), ("coronal", 1), ("sagittal", 2)])
def test_slices_of_a_body_view_count_along_its_axis(view, number):
    slices = BODY_CUTS[view].slices(BODY)
    assert len(slices) == BODY.shape[number]
    for at, plane in enumerate(slices):
        assert np.array_equal(plane, BODY.take(at, axis=number))
    assert np.shares_memory(slices, BODY)


@pytest.mark.parametrize("across", range(3))
@pytest.mark.parametrize(("order", "signs"), LAYOUTS)
def test_acquired_slices_are_the_files_own_whatever_their_order(order, signs, across):
    spacing = [1.5, 1.4, 1.3]
    spacing[across] = 8.0
    voxels, affine = stored(order, signs, spacing, turn=0.2)
    cut = cut_of("acquired", grid_of(voxels, affine))
    slices = cut.slices(canonical(voxels, affine))
    assert len(slices) == voxels.shape[across]
    for at, plane in enumerate(slices):
        # Of a plane (earlier axis, later axis) of the file the later one counts the rows.
        assert np.array_equal(plane, voxels.take(at, axis=across).T)


@pytest.mark.parametrize(
    "spacing", [(1, 1, 1), (3, 3, 1), (1, 3, 3), (2.0001, 2, 1), (1, 1.0001, 1)]
)
def test_without_one_largest_spacing_the_last_axis_counts(spacing):
    voxels, affine = stored((2, 0, 1), (1, -1, 1), spacing)
    slices = cut_of("acquired", grid_of(voxels, affine)).slices(canonical(voxels, affine))
    assert np.array_equal(slices, voxels.T)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("order", "signs"), LAYOUTS[::7])
def test_what_is_written_to_slices_comes_back_on_the_files_voxels(order, signs, view):
    voxels, affine = stored(order, signs, (1, 6, 1))
    grid = grid_of(voxels, affine)
    body = canonical(voxels, affine)
    gathered = np.zeros((2, *body.shape), int)
    cut = cut_of(view, grid)
    for at, plane in enumerate(cut.slices(body)):
        cut.slices(gathered)[:, at] += plane
    for found in grid.to_native(gathered.transpose(0, 3, 2, 1)):
        assert np.array_equal(found, voxels)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("order", "signs"), LAYOUTS[::5])
def test_a_place_is_the_same_part_of_body_and_slices(order, signs, view):
    voxels, affine = stored(order, signs, (1, 6, 1))
    body, cut = canonical(voxels, affine), cut_of(view, grid_of(voxels, affine))
    place = tuple(slice(0, size - 1) for size in body.shape)
    slices = cut.slices(body)
    assert np.array_equal(slices[cut.place(place, slices.shape)], cut.slices(body[place]))


def test_body_views_do_not_ask_how_a_file_was_acquired():
    voxels, affine = stored((0, 1, 2), (1, 1, 1), (9, 1, 1))
    for view in BODY_VIEWS:
        assert cut_of(view, grid_of(voxels, affine)) == BODY_CUTS[view]


def test_acquired_slices_of_cardiac_mr_are_the_short_axis_ones(real_data):
    path = next((real_data / "acdc" / "test" / "images").glob("*.nii.gz"))
    image = nibabel.load(path)
    voxels = np.asarray(image.dataobj)
    slices = cut_of("acquired", Grid.of(path)).slices(canonical(voxels, image.affine))
    assert np.array_equal(slices, np.moveaxis(voxels, 2, 0).swapaxes(1, 2))
