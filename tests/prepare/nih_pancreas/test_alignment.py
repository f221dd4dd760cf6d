"""Labels that lie on the organ, and labels that are turned, shifted or another case's."""

import os
from itertools import product
from pathlib import Path

import nibabel
import numpy as np
import pytest

from ssl_seg.phantoms.organ.cohort import Cohort, draw_case
from ssl_seg.prepare.nih_pancreas.alignment import Alignment, Orientation

FLIPS = [flip for flip in product((False, True), repeat=3) if any(flip)]


def turned(labels, swapped, flipped):
    """Turn a volume by numpy alone: swap first, flip then."""
    labels = labels.transpose(1, 0, 2) if swapped else labels
    return np.flip(labels, [axis for axis, flip in enumerate(flipped) if flip])


def alignment(volume, labels=None):
    labels = (volume.labels > 0).astype(np.uint8) if labels is None else labels
    return Alignment(volume.voxels, labels, volume.grid.spacing_mm)


@pytest.fixture(scope="module")
def square():
    cohort = Cohort(look="source", train=1, size=(40, 40, 24))
    return [draw_case(cohort, number) for number in range(4)]


@pytest.mark.parametrize("look", ["source", "target"])
def test_labels_that_fit_are_accepted(look):
    cohort = Cohort(look=look, train=1, size=(48, 48, 24))
    for number in range(8):
        assert alignment(draw_case(cohort, number)).problem() is None


@pytest.mark.parametrize("flipped", FLIPS)
def test_flipped_labels_are_refused_and_the_flip_is_named(volumes, flipped):
    name = "flipped along " + " and ".join(
        axis for axis, flip in zip("xyz", flipped, strict=True) if flip
    )
    for volume in volumes.values():
        labels = turned((volume.labels > 0).astype(np.uint8), False, flipped)
        assert f"would fit better {name}:" in alignment(volume, labels).problem()


def test_swapped_axes_are_found_in_square_slices(square):
    for volume in square:
        labels = turned((volume.labels > 0).astype(np.uint8), True, (False,) * 3)
        problem = alignment(volume, labels).problem()
        assert "would fit better with x and y exchanged:" in problem


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("flipped", [(False,) * 3, *FLIPS])
def test_an_orientation_turns_points_as_numpy_turns_volumes(swapped, flipped):
    labels = np.zeros((4, 4, 3), np.uint8)
    points = np.array([[0, 1, 2], [3, 1, 0], [2, 2, 1]])
    labels[tuple(points.T)] = [1, 2, 3]
    moved = Orientation(swapped, flipped).of(points, labels.shape)
    assert turned(labels, swapped, flipped)[tuple(moved.T)].tolist() == [1, 2, 3]


def test_the_numbers_by_hand():
    voxels = np.zeros((9, 9, 3), np.int16)
    voxels[3:6, 3:6, 1] = 100
    voxels[:3] = 40
    labels = np.zeros(voxels.shape, np.uint8)
    labels[3:6, 3:6, 1] = 1
    # Of four edges, three face 0 HU and one 40 HU, with as many voxels each.
    for plane_mm in ((2.0, 2.0), (3.0, 5.0)):
        fit = Alignment(voxels, labels, plane_mm).fit()
        assert (fit.mean_hu, fit.contrast_hu) == (100, 90)


def test_a_label_in_fat_is_refused_even_where_no_orientation_helps():
    voxels = np.full((8, 8, 4), -100, np.int16)
    labels = np.zeros(voxels.shape, np.uint8)
    labels[2:4, 2:4, 1:3] = 1
    problem = Alignment(voxels, labels, (1.0, 1.0)).problem()
    assert problem.startswith("mean -100 HU")
    assert "expected a mean of 30 to 150 HU" in problem


def test_a_label_that_fills_the_slices_has_no_edge():
    voxels = np.full((4, 4, 4), 90, np.int16)
    assert Alignment(voxels, np.ones((4, 4, 4), np.uint8), (1.0, 1.0)).problem() is None


@pytest.mark.skipif("SSL_SEG_DATA" not in os.environ, reason="SSL_SEG_DATA is unset: no real CT")
def test_a_real_pancreas_is_brighter_than_its_surroundings_only_where_it_lies():
    folder = Path(os.environ["SSL_SEG_DATA"]) / "ct_sample"
    scan = nibabel.load(folder / "example_ct_sm.nii.gz")
    voxels = np.asarray(scan.dataobj)
    labels = (np.asarray(nibabel.load(folder / "example_seg.nii.gz").dataobj) == 7).astype(np.uint8)
    found = Alignment(voxels, labels, scan.header.get_zooms())
    own = found.fit().contrast_hu
    others = [found.fit(Orientation(False, flipped)).contrast_hu for flipped in FLIPS]
    assert own > 20
    assert own > max(others) + 15
