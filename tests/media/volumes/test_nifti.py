"""NIfTI files as nibabel reads them back, from one module alone."""

from __future__ import annotations

import re
from pathlib import Path

import nibabel
import numpy as np
import pytest

import ssl_seg
from ssl_seg.media.volumes.nifti import opened, write_placed, write_unplaced

AFFINE = ((0, -2.0, 0, 30), (0, 0, 3.0, -7), (-1.5, 0, 0, 11), (0, 0, 0, 1))


@pytest.fixture
def voxels():
    return np.random.default_rng(0).integers(-9, 99, (4, 3, 5), np.int16)


def test_a_placed_volume_lies_where_it_should_by_both_forms(tmp_path, voxels):
    path = tmp_path / "new" / "a.nii.gz"
    write_placed(path, voxels, AFFINE)
    image = nibabel.load(path)
    np.testing.assert_array_equal(image.dataobj, voxels)
    for affine in (image.get_qform(), image.get_sform()):
        np.testing.assert_allclose(affine, AFFINE, atol=1e-5)
    assert image.header.get_xyzt_units()[0] == "mm"
    with opened(path) as file:
        np.testing.assert_allclose(file.affine, AFFINE, atol=1e-6)


def test_an_unplaced_volume_states_its_spacing_alone(tmp_path, voxels):
    write_unplaced(tmp_path / "a.nii.gz", voxels, (0.5, 0.75, 2.5))
    header = nibabel.load(tmp_path / "a.nii.gz").header
    assert header.get_zooms() == (0.5, 0.75, 2.5)
    assert header["qform_code"] == header["sform_code"] == 0


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_what_is_stored_is_read_without_scaling(write_nifti, voxels, name):
    path = write_nifti(voxels, name=name, slope=0.5, intercept=-3)
    with opened(path) as file:
        assert (file.slope, file.intercept) == (0.5, -3)
        stored = file.stored()
    np.testing.assert_allclose(stored * 0.5 - 3, nibabel.load(path).get_fdata(), atol=1e-6)


@pytest.mark.parametrize("edge", [8, 90])
def test_a_wrong_checksum_is_noticed_by_whoever_reads_the_voxels(write_nifti, edge):
    """Also where the file is longer than what gzip reads at once."""
    path = write_nifti(np.random.default_rng(0).integers(0, 999, (edge,) * 3, np.int16))
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="cut off or damaged"), opened(path) as file:
        file.stored()


def test_one_module_knows_the_image_classes_of_nibabel():
    root = Path(ssl_seg.__file__).parent
    classes = re.compile(r"^\s*(import nibabel|from nibabel(?!\.orientations))", re.MULTILINE)
    found = [path for path in root.rglob("*.py") if classes.search(path.read_text())]
    assert found == [root / "media" / "volumes" / "nifti.py"]
