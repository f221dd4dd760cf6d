"""Volumes and their labels through `assemble`: on one grid, with listed values."""

import nibabel
import numpy as np
import pytest

from ssl_seg.catalog.assemble import Entry, assemble
from ssl_seg.catalog.palette import background_palette
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.media.by_name import VOLUMES

SPACE = LabelSpace("organs", ("background", "liver", "spleen"), background_palette(3))
STRICT = LabelValues(SPACE, ((0, 0), (1, 1), (2, 2)))
GRID = np.diag([0.8, 0.7, 2.5, 1])


@pytest.fixture
def check(draw_volume, index):
    """Assemble one case of an image and a mask."""

    def read(values=(0, 1, 2), *, affine=GRID, shape=(6, 5, 4), dtype=np.uint8):
        image = draw_volume("image.nii.gz", affine=GRID)
        mask = draw_volume("mask.nii.gz", values=values, affine=affine, shape=shape, dtype=dtype)
        entry = Entry("case", str(image), str(mask), "case")
        return assemble("organs", STRICT, [entry], index, medium=VOLUMES).cases

    return read


def moved(axis, mm):
    affine = GRID.copy()
    affine[axis, 3] += mm
    return affine


def test_a_label_tells_how_many_voxels_hold_each_value(check):
    (case,) = check((0, 0, 0, 1, 2, 2))
    assert case.medium == "volumes"
    assert case.label.pixels == ((0, 60), (1, 20), (2, 40))


def test_float_labels_that_are_whole_numbers_are_fine(check):
    (case,) = check((0, 1, 2), dtype=np.float32)
    assert case.label.pixels == ((0, 40), (1, 40), (2, 40))


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ((6, 5, 3), "6×5×3, its image .*image.nii.gz 6×5×4; both must have the same shape"),
        ((5, 6, 4), "5×6×4, its image .*image.nii.gz 6×5×4; the axes .* in another order"),
    ],
)
def test_another_shape_is_refused_naming_both_files_and_shapes(check, shape, reason):
    with pytest.raises(ValueError, match=f"mask.nii.gz: the mask has the shape {reason}"):
        check(shape=shape)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_half_a_voxel_apart_is_refused_naming_both_files_and_affines(check, axis):
    with pytest.raises(ValueError, match=r"mask\.nii\.gz: by its affine \[0\.8 0 0 ") as error:
        check(affine=moved(axis, 0.35))
    for told in ("image.nii.gz with the affine [0.8 0 0 0; 0 0.7 0 0; 0 0 2.5 0]", "0.35 mm off"):
        assert told in str(error.value)


def test_a_mirrored_grid_and_another_spacing_are_refused(check):
    for factors in ([-1, 1, 1, 1], [1, 1, 2, 1], [1, 1.1, 1, 1]):
        with pytest.raises(ValueError, match="mm off its image"):
            check(affine=GRID @ np.diag(factors))


def test_the_rounding_of_headers_is_no_other_grid(check):
    assert check(affine=moved(1, 0.001))
    assert check(affine=(GRID + 1e-5).astype(np.float32))


def test_an_affine_kept_as_quaternion_is_the_same_grid(draw_volume, index):
    """A label program that writes the qform only rounds in another way."""
    turn = nibabel.eulerangles.euler2mat(0.3, -0.2, 0.1)
    affine = np.eye(4)
    affine[:3] = np.column_stack([turn @ np.diag([0.8, 0.8, 2.5]), [-180.3, 99.7, -512.1]])
    image = draw_volume("image.nii.gz", affine=affine)
    mask = draw_volume("mask.nii.gz", values=(0, 1), affine=affine)
    volume = nibabel.load(mask)
    volume.set_qform(affine, code="scanner")
    volume.set_sform(None, code=0)
    nibabel.save(volume, mask)
    entry = Entry("case", str(image), str(mask), "case")
    assert assemble("organs", STRICT, [entry], index, medium=VOLUMES).cases
    assert not np.array_equal(nibabel.load(mask).affine, nibabel.load(image).affine)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((0, 1, 5, 6), r"mask\.nii\.gz: the mask holds the values 5–6, .* allowed are 0–2"),
        ((1, 2, 3), r"count classes from 1: write values=\(1, \.\.\., 3\)"),
        ((0, 255), "Did you mean 1"),
    ],
)
def test_unlisted_values_are_refused_with_a_guess_at_the_cause(check, values, reason):
    with pytest.raises(ValueError, match=reason):
        check(values)


def test_every_bad_file_is_named(draw_volume, index):
    entries = []
    for number in range(3):
        image = draw_volume(f"image{number}.nii.gz")
        mask = draw_volume(f"mask{number}.nii.gz", values=(0, 1), shape=(6, 5, 4 + number))
        entries.append(Entry(str(number), str(image), str(mask), str(number)))
    with pytest.raises(ValueError, match=r"mask1\.nii\.gz: .*\n.*mask2\.nii\.gz: ") as error:
        assemble("organs", STRICT, entries, index, medium=VOLUMES)
    assert "mask0" not in str(error.value)
