"""Labels and confidences survive the way through a file, and wrong ones are named."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.media.volumes.grid import Grid
from ssl_seg.media.volumes.masks import (
    read_confidence,
    read_label_values,
    read_labels,
    write_confidence,
    write_labels,
)
from ssl_seg.media.volumes.voxels import read_voxels

SPACE = LabelSpace("organs", ("back", "organ"), ((0, 0, 0), (200, 0, 0)))
SHAPE = (4, 3, 5)


@pytest.fixture
def grid(write_nifti):
    return Grid.of(write_nifti(np.zeros(SHAPE, np.int16), name="image.nii.gz"))


def ramp(low, high, dtype):
    return np.linspace(low, high, 60).round().astype(dtype).reshape(SHAPE)


def test_whole_numbers_may_be_stored_as_floats(write_nifti):
    stored = ramp(0, 255, np.float32)
    labels = read_label_values(write_nifti(stored))
    assert labels.dtype == np.uint8
    assert np.array_equal(labels, stored)


@pytest.mark.parametrize(
    ("value", "said"), [(0.5, "0.5"), (-1, "-1"), (256, "256"), (np.nan, "nan")]
)
def test_other_values_are_no_labels(write_nifti, value, said):
    stored = ramp(0, 2, np.float32)
    stored[1, 1, 1] = value
    with pytest.raises(
        ValueError, match=rf"a\.nii\.gz: expected whole numbers .* got {said} in 1 v"
    ):
        read_label_values(write_nifti(stored))


@pytest.mark.parametrize("order", ["C", "F"])
def test_labels_are_read_through_the_table(write_nifti, order):
    stored = np.asarray(ramp(3, 5, np.uint8), order=order)
    values = LabelValues(SPACE, ((3, 1), (4, 255), (5, 0)))
    labels = read_labels(write_nifti(stored), values)
    assert labels.dtype == np.uint8
    assert np.array_equal(labels, np.select([stored == 3, stored == 4], [1, 255], 0))
    with pytest.raises(ValueError, match=r"a\.nii\.gz: holds the values \[3, 4, 5\]"):
        read_labels(write_nifti(stored), LabelValues.identity(SPACE))


def test_labels_lie_on_their_image(tmp_path, grid):
    labels = np.random.default_rng(0).choice(np.array([0, 1, 255], np.uint8), SHAPE)
    write_labels(tmp_path / "new/maps.nii.gz", labels, grid)
    image, written = (nibabel.load(tmp_path / name) for name in ("image.nii.gz", "new/maps.nii.gz"))
    assert written.get_data_dtype() == np.uint8
    assert np.array_equal(written.dataobj, labels)
    assert written.header.get_slope_inter() == (None, None)
    assert written.header.get_xyzt_units()[0] == "mm"
    for affine in (written.affine, written.get_qform(), written.get_sform()):
        assert np.allclose(affine, image.affine, atol=1e-5)
    assert all(int(written.header[f"{form}_code"]) > 0 for form in ("qform", "sform"))
    assert np.array_equal(read_label_values(tmp_path / "new/maps.nii.gz"), labels)
    assert Grid.of(tmp_path / "new/maps.nii.gz") == grid


def test_equal_arrays_become_equal_bytes_and_leave_nothing_else(tmp_path, grid):
    folder = tmp_path / "maps"
    labels = ramp(0, 2, np.uint8)
    write_labels(folder / "a.nii.gz", labels, grid)
    first = (folder / "a.nii.gz").read_bytes()
    write_labels(folder / "a.nii.gz", np.asfortranarray(labels), grid)
    assert (folder / "a.nii.gz").read_bytes() == first
    assert first[3:8] == bytes(5), "neither a name nor a time"
    assert [path.name for path in folder.iterdir()] == ["a.nii.gz"]


@pytest.mark.parametrize("labels", [ramp(0, 2, np.int16), ramp(0, 2, np.uint8)[1:]])
def test_other_arrays_are_not_written(tmp_path, grid, labels):
    with pytest.raises(ValueError, match=r"a\.nii\.gz: expected a uint8 array .* \(4, 3, 5\), got"):
        write_labels(tmp_path / "a.nii.gz", labels, grid)
    assert not (tmp_path / "a.nii.gz").exists()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_confidence_is_kept_to_the_nearest_level(tmp_path, grid, dtype):
    confidence = np.linspace(0, 1, 60, dtype=dtype).reshape(SHAPE)
    write_confidence(tmp_path / "a.nii.gz", confidence, grid)
    assert np.array_equal(read_confidence(tmp_path / "a.nii.gz"), np.rint(255 * confidence))
    assert read_confidence(tmp_path / "a.nii.gz").dtype == np.uint8
    shown = nibabel.load(tmp_path / "a.nii.gz")
    assert np.abs(shown.get_fdata() - confidence).max() <= 0.5 / 255 + 1e-6
    assert np.allclose(shown.affine, grid.affine, atol=1e-5)


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_what_is_no_probability_is_not_written(tmp_path, grid, value):
    confidence = np.full(SHAPE, 0.5, np.float32)
    confidence[0, 0, 0] = value
    with pytest.raises(ValueError, match=r"a\.nii\.gz: expected confidences in \[0, 1\]"):
        write_confidence(tmp_path / "a.nii.gz", confidence, grid)


def test_levels_are_read_from_levels_only(write_nifti):
    with pytest.raises(ValueError, match=r"a\.nii\.gz: expected confidences of 8 bits, got int16"):
        read_confidence(write_nifti(ramp(0, 9, np.int16)))


@pytest.mark.parametrize("case", ["003", "001", "037"])
def test_real_labels_are_whole_numbers_of_any_type(real_data, case):
    name = f"hippocampus_{case}.nii.gz"
    folder = real_data / "Task04_Hippocampus"
    labels = read_label_values(folder / "labelsTr" / name)
    voxels, grid = read_voxels(folder / "imagesTr" / name)
    assert set(np.unique(labels)) == {0, 1, 2}
    assert labels.shape == voxels.shape == grid.shape
    assert np.array_equal(voxels, nibabel.load(folder / "imagesTr" / name).get_fdata())
