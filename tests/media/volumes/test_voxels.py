"""Voxels are read as nibabel reads them, in the smallest type, and wrong files are named."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from ssl_seg.media.volumes.grid import Grid
from ssl_seg.media.volumes.voxels import read_voxels

SHAPE = (4, 3, 5)


def ramp(low, high, dtype):
    return np.linspace(low, high, 60).round().astype(dtype).reshape(SHAPE)


@pytest.mark.parametrize(
    ("stored", "slope", "intercept", "expected"),
    [
        (ramp(0, 255, np.uint8), None, 0, np.uint8),
        (ramp(-5, 100, np.int8), None, 0, np.int16),
        (ramp(0, 200, np.int16), None, 0, np.uint8),
        (ramp(-1024, 3071, np.int16), None, 0, np.int16),
        (ramp(0, 4095, np.uint16), 1, -1024, np.int16),
        (ramp(0, 4095, np.uint16), 16, 0, np.float32),
        (ramp(0, 40000, np.uint16), None, 0, np.float32),
        (ramp(-1024, 3071, np.int32), None, 0, np.int16),
        (ramp(-1024, 3071, np.float32), None, 0, np.int16),
        (ramp(-1024, 3071, np.float64), None, 0, np.int16),
        (ramp(0, 9, np.float32) + np.float32(0.25), None, 0, np.float32),
        (ramp(0, 9, np.float32) + np.float32(0.5), 2, 1, np.uint8),
        (ramp(0, 255, np.uint8), 0.5, 0, np.float32),
    ],
)
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_values_are_read_in_the_smallest_type(
    write_nifti, name, stored, slope, intercept, expected
):
    path = write_nifti(stored, name=name, slope=slope, intercept=intercept)
    voxels, grid = read_voxels(path)
    assert voxels.dtype == expected
    assert np.array_equal(voxels, nibabel.load(path).get_fdata())
    assert grid == Grid.of(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_stays_visible(write_nifti, value):
    stored = ramp(0, 9, np.float32)
    stored[1, 1, 1] = value
    voxels, _ = read_voxels(write_nifti(stored))
    assert np.array_equal(voxels, stored, equal_nan=True)


def test_damaged_files_are_named(tmp_path, write_nifti):
    rng = np.random.default_rng(0)
    path = write_nifti(rng.integers(0, 999, (20, 20, 20), np.int16))
    whole = path.read_bytes()
    for damaged in (b"", b"no volume", whole[:100], whole[: len(whole) // 2], whole[:-1]):
        path.write_bytes(damaged)
        with pytest.raises(
            ValueError, match=r"a\.nii\.gz: .*(no NIfTI header|this is none|cut off)"
        ):
            read_voxels(path)
    with pytest.raises(FileNotFoundError, match=r"b\.nii\.gz"):
        read_voxels(tmp_path / "b.nii.gz")


def test_more_axes_are_refused(write_nifti):
    path = write_nifti(np.zeros((2, 3, 4, 2), np.int16))
    with pytest.raises(ValueError, match=r"a\.nii\.gz: expected a volume of three axes.* 2×3×4×2"):
        read_voxels(path)


def test_real_hounsfield_units_stay_16_bit(real_data):
    path = real_data / "ct_sample/example_ct_sm.nii.gz"
    voxels, _ = read_voxels(path)
    assert voxels.dtype == np.int16
    assert np.array_equal(voxels, nibabel.load(path).get_fdata())
