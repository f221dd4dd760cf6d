"""The NIH layout, read back by pydicom and nibabel alone."""

import re
import subprocess
import sys

import nibabel
import numpy as np
import pytest

from ssl_seg.phantoms.organ import nih_layout
from ssl_seg.phantoms.organ.cohort import Cohort, draw_case
from ssl_seg.phantoms.organ.data_folder import write_organ
from ssl_seg.phantoms.organ.nih_layout import NIH

pydicom = pytest.importorskip("pydicom", reason="the layout needs the extra 'medical'")

COHORT = Cohort(look="source", train=2, test=1, size=(48, 40, 30), seed=5)
NUMBERS = (1, 2, 3)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A small cohort; to be read only."""
    folder = tmp_path_factory.mktemp("organ") / "nih"
    write_organ(folder, COHORT, NIH)
    return folder


def series(root, number):
    """Return the slices of a case by InstanceNumber."""
    slices = [pydicom.dcmread(path) for path in scan_folder(root, number).rglob("*.dcm")]
    return sorted(slices, key=lambda one: int(one.InstanceNumber))


def scan_folder(root, number):
    (folder,) = root.glob(f"manifest-*/Pancreas-CT/PANCREAS_{number:04}")
    return folder


def hounsfield(slices):
    """Return the scan as rows, columns and slices."""
    return np.stack(
        [one.pixel_array * one.RescaleSlope + one.RescaleIntercept for one in slices], -1
    )


def label(root, number):
    return nibabel.load(root / f"TCIA_pancreas_labels-02-05-2017/label{number:04}.nii.gz")


def test_files_are_named_as_published(root):
    names = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    scan = re.compile(
        r"manifest-\d+/Pancreas-CT/PANCREAS_(\d{4})/11-24-2015-PANCREAS\1-Pancreas-\d{5}"
        r"/Pancreas-\d{5}/1-0(0[1-9]|[12]\d|30)\.dcm"
    )
    label = re.compile(r"TCIA_pancreas_labels-02-05-2017/label000[123]\.nii\.gz")
    assert sum(bool(scan.fullmatch(name)) for name in names) == 90
    assert sum(bool(label.fullmatch(name)) for name in names) == 3
    assert len(names) == 90 + 3 + 1  # and the phantom's settings


@pytest.mark.parametrize("number", NUMBERS)
def test_pixels_are_the_scan_in_hounsfield_units(root, number):
    stacked = hounsfield(series(root, number))
    assert stacked.shape == (40, 48, 30)
    expected = draw_case(COHORT, number).voxels.transpose(1, 0, 2)[:, :, ::-1]
    assert np.array_equal(stacked, expected)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_pixel_lies_where_it_was_scanned(root, number):
    """Position by the equation of DICOM PS3.3 C.7.6.2.1.1, in mm to the left, back and head."""
    grid = draw_case(COHORT, number).grid
    rows, columns = np.meshgrid(np.arange(40), np.arange(48), indexing="ij")
    for level, one in zip(reversed(range(30)), series(root, number), strict=True):
        along_row, along_column = np.reshape(one.ImageOrientationPatient, (2, 3)).astype(float)
        between_rows, between_columns = map(float, one.PixelSpacing)
        place = (
            np.array(one.ImagePositionPatient, float)
            + along_row * between_columns * columns[..., None]
            + along_column * between_rows * rows[..., None]
        )
        assert np.allclose(place[..., 0], grid.axis(0)[None, :], atol=1e-3)
        assert np.allclose(place[..., 1], grid.axis(1)[:, None], atol=1e-3)
        assert np.allclose(place[..., 2], grid.axis(2)[level], atol=1e-3)
        assert float(one.SliceLocation) == float(one.ImagePositionPatient[2])


def test_slices_overlap(root):
    """As in the published scans, the thickness is not the distance to the next slice."""
    first, second, *_ = series(root, 1)
    step = abs(float(second.ImagePositionPatient[2]) - float(first.ImagePositionPatient[2]))
    assert float(first.SliceThickness) == pytest.approx(1.5 * step, abs=0.01)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_label_needs_its_first_two_axes_swapped_and_nothing_else(root, number):
    """Organ voxels are soft tissue only in the published orientation: a flip meets air and fat."""
    hu, organ = hounsfield(series(root, number)), np.asarray(label(root, number).dataobj)
    assert np.array_equal(organ > 0, draw_case(COHORT, number).labels[:, :, ::-1] > 0)
    organ = organ.transpose(1, 0, 2) > 0
    spread = {
        axes: np.std(hu[np.flip(organ, axes)])
        for axes in ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2))
    }
    best = spread.pop(())
    assert 60 < hu[organ].mean() < 130
    assert best < 60
    assert best < 0.8 * min(spread.values())


@pytest.mark.parametrize("number", NUMBERS)
def test_a_label_file_is_one_in_the_organ_and_does_not_know_its_place(root, number):
    found = label(root, number)
    first, second, *_ = series(root, number)
    step = abs(float(second.ImagePositionPatient[2]) - float(first.ImagePositionPatient[2]))
    assert found.header.get_data_dtype() == np.uint8
    assert {*np.unique(np.asarray(found.dataobj))} == {0, 1}
    assert found.header.get_zooms() == pytest.approx((*first.PixelSpacing[::-1], step), abs=1e-3)
    assert found.header["qform_code"] == found.header["sform_code"] == 0


def test_slices_are_ct_images_of_one_series_each_with_a_name_of_its_own(root):
    known = {"StudyInstanceUID": set(), "SeriesInstanceUID": set(), "FrameOfReferenceUID": set()}
    instances = set()
    for number in NUMBERS:
        slices = series(root, number)
        assert [one.InstanceNumber for one in slices] == [*range(1, 31)]
        for name, found in known.items():
            (uid,) = {getattr(one, name) for one in slices}
            found.add(uid)
        for one in slices:
            assert one.Modality == "CT"
            assert one.SOPClassUID == pydicom.uid.CTImageStorage
            assert one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID
            assert pydicom.uid.UID(one.SOPInstanceUID).is_valid
            assert one.PatientID == f"PANCREAS_{number:04}"
            instances.add(one.SOPInstanceUID)
    assert all(len(found) == len(NUMBERS) for found in known.values())
    assert len(instances) == 30 * len(NUMBERS)


def test_files_are_dicom_part_10(root):
    for path in scan_folder(root, 1).rglob("*.dcm"):
        assert path.read_bytes()[128:132] == b"DICM"


def test_scanners_store_signed_values_or_an_intercept(root):
    stored = {
        (one.PixelRepresentation, int(one.RescaleIntercept), int(one.RescaleSlope))
        for number in NUMBERS
        for one in series(root, number)
    }
    assert stored == {(1, 0, 1), (0, -1024, 1)}


def test_equal_settings_give_equal_bytes(root, tmp_path, contents):
    write_organ(tmp_path / "again", COHORT, NIH)
    assert contents(tmp_path / "again") == contents(root)


def test_withdrawn_scans_leave_their_labels(tmp_path, monkeypatch):
    cohort = Cohort(look="source", train=25, size=(16, 16, 16))
    body = draw_case(cohort, 1)
    monkeypatch.setattr(nih_layout, "draw_case", lambda cohort, number: body)
    write_organ(tmp_path / "nih", cohort, NIH)
    scans = sorted(path.name for path in tmp_path.glob("nih/manifest-*/Pancreas-CT/*"))
    labels = sorted(path.name for path in tmp_path.glob("nih/TCIA*/*"))
    assert scans == [f"PANCREAS_{number:04}" for number in (*range(1, 25), 26)]
    assert labels == [f"label{number:04}.nii.gz" for number in range(1, 27)]


def test_scans_without_labels_have_no_place(tmp_path):
    with pytest.raises(ValueError, match=r"^unlabeled: the layout 'nih' .* expected 0, got 1"):
        write_organ(tmp_path / "nih", Cohort(look="source", train=1, unlabeled=1), NIH)
    assert not list(tmp_path.iterdir())


def test_without_pydicom_the_extra_is_named(tmp_path):
    """In a process of its own, where pydicom cannot be imported."""
    code = f"""
import sys
sys.modules["pydicom"] = None
from pathlib import Path
from ssl_seg.phantoms.organ.cohort import Cohort
from ssl_seg.phantoms.organ.data_folder import write_organ
from ssl_seg.phantoms.organ.nih_layout import NIH
write_organ(Path({str(tmp_path / "nih")!r}), Cohort(look="source", train=1), NIH)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install 'ssl-seg[medical]'" in done.stderr
    assert not list(tmp_path.iterdir())
