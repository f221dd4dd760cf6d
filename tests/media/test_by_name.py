"""What is different between pictures and volumes, each asked of its object."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
from PIL import Image

from ssl_seg.core.case import Case, DataFile
from ssl_seg.core.space import LabelSpace
from ssl_seg.media.by_name import MEDIA, medium_of

SPACE = LabelSpace("two", ("back", "organ"), ((0, 0, 0), (90, 0, 0)))


@pytest.fixture
def picture(tmp_path):
    """A picture of 6×4 pixels that a camera held upright wrote: 4×6 when it is turned."""
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "a.jpg"
    Image.fromarray(np.full((4, 6, 3), 90, np.uint8)).save(path, exif=exif)
    return Case("a", DataFile(str(path), "a"), None, "g", "pictures")


@pytest.fixture
def volume(write_nifti):
    path = write_nifti(np.arange(60, dtype=np.int16).reshape(5, 4, 3), np.diag([1, 1.5, 7, 1]))
    return Case("b", DataFile(str(path), "b"), None, "g", "volumes")


def test_a_case_is_of_the_medium_that_it_names(picture, volume):
    for name, case in (("pictures", picture), ("volumes", volume)):
        assert medium_of(case) is MEDIA[name]
        assert MEDIA[name].name == name


def test_only_voxels_have_a_length(picture, volume):
    assert medium_of(picture).spacing(picture) is None
    assert medium_of(volume).spacing(volume) == (1, 1.5, 7)


def test_masks_of_pictures_come_back_to_the_size_of_the_upright_picture(picture):
    working = np.array([[0, 1], [1, 1], [0, 0]], np.uint8)
    found = medium_of(picture).at_own_size(picture, working)
    assert np.array_equal(found, working.repeat(2, axis=0).repeat(2, axis=1))


def test_masks_of_volumes_are_at_their_own_size_already(volume):
    labels = np.zeros((5, 4, 3), np.uint8)
    assert medium_of(volume).at_own_size(volume, labels) is labels


def test_true_masks_are_shrunk_for_pictures_that_were_worked_on_smaller(picture, volume):
    truth = np.array([[0, 0, 1, 1], [0, 0, 1, 1]], np.uint8)
    half = np.zeros((1, 2), np.uint8)
    scored = medium_of(picture).scored(truth, half, 2)
    assert scored.tolist() == [[0, 1]]
    assert medium_of(picture).scored(truth, truth, 2) is truth
    assert medium_of(volume).scored(truth, half, 2) is truth


def test_only_pictures_are_worked_on_smaller():
    assert MEDIA["pictures"].working_shape((600, 800), 400) == (300, 400)
    assert MEDIA["pictures"].working_shape((600, 800), None) == (600, 800)
    assert MEDIA["volumes"].working_shape((600, 800, 9), 400) == (600, 800, 9)


@pytest.mark.parametrize("name", MEDIA)
def test_what_is_drawn_is_named_by_its_case(picture, volume, name, tmp_path):
    case = {"pictures": picture, "volumes": volume}[name]
    shape = (6, 4) if name == "pictures" else (5, 4, 3)
    medium_of(case).draw(
        tmp_path / "drawn",
        case,
        np.ones(shape, np.uint8),
        SPACE,
        pipeline=[],
        truth=None,
        opacity=0.5,
    )
    drawn = sorted(path.name for path in (tmp_path / "drawn").iterdir())
    expected = (
        ["a.jpg"]
        if name == "pictures"
        else [f"b-{v}.png" for v in ("axial", "coronal", "sagittal")]
    )
    assert drawn == expected


def test_a_mask_lies_on_its_volume_for_another_program(volume, tmp_path):
    labels = np.random.default_rng(0).integers(0, 2, (5, 4, 3)).astype(np.uint8)
    medium = medium_of(volume)
    path = tmp_path / f"mask{medium.mask_suffix}"
    medium.write_mask(path, volume, labels, SPACE)
    assert np.array_equal(nibabel.load(path).affine, nibabel.load(volume.image.path).affine)
    assert np.array_equal(medium.read_mask(path), labels)
