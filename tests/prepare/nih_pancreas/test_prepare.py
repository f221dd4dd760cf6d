"""Published scans and labels become pairs on one grid, or are refused by name."""

import json
import shutil
import signal
import subprocess
import sys
import time
from itertools import product

import nibabel
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import JPEG2000Lossless, RLELossless

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.nih_pancreas import NIHPancreas
from ssl_seg.phantoms.organ.cohort import Cohort
from ssl_seg.phantoms.organ.nih_layout import NIH
from ssl_seg.prepare.nih_pancreas.pairs import find_pairs
from ssl_seg.prepare.nih_pancreas.prepare import prepare
from ssl_seg.store.lock import WorkDirInUseError, writer_lock


@pytest.fixture
def out(tmp_path):
    return tmp_path / "prepared"


@pytest.fixture(scope="module")
def kept(drawn, tmp_path_factory):
    """The prepared volumes of all scans; to be read only."""
    folder = tmp_path_factory.mktemp("kept")
    prepare(find_pairs(drawn, drawn).pairs, folder)
    return folder


@pytest.fixture
def prepared(kept, out):
    """The prepared volumes of all scans, where they may be changed."""
    return shutil.copytree(kept, out)


def run(published, out, numbers=None, **options):
    return prepare(find_pairs(published.root, published.root, numbers).pairs, out, **options)


def files(out):
    """Return the content of all files by name."""
    paths = [path for path in out.rglob("*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


def refusal(published, out, number=1):
    """Return why a case is refused, after checking that nothing of it was written."""
    with pytest.raises(ValueError, match=rf"case {number:04}: ") as caught:
        run(published, out, [number])
    assert list(out.rglob("*.nii.gz")) == []
    assert json.loads((out / "prepared.json").read_text())["cases"] == {}
    return str(caught.value)


def voxels(path):
    return np.asarray(nibabel.load(path).dataobj)


# What is written


def test_voxels_are_those_that_were_scanned_slice_1_first(published, kept, volumes):
    for number, volume in volumes.items():
        image = nibabel.load(kept / f"images/{number:04}.nii.gz")
        assert image.get_data_dtype() == np.int16
        # The scanner's slice 1 is the highest.
        np.testing.assert_array_equal(image.dataobj, volume.voxels[:, :, ::-1])


def test_labels_are_the_published_arrays_on_the_grid_of_the_image(published, kept, volumes):
    for number, volume in volumes.items():
        image = nibabel.load(kept / f"images/{number:04}.nii.gz")
        label = nibabel.load(kept / f"labels/{number:04}.nii.gz")
        assert label.get_data_dtype() == np.uint8
        np.testing.assert_array_equal(label.dataobj, published.labels(number))
        np.testing.assert_array_equal(label.affine, image.affine)
        assert label.shape == image.shape
        organ = volume.labels > 0
        np.testing.assert_array_equal(
            np.asarray(image.dataobj)[np.asarray(label.dataobj) == 1],
            volume.voxels[:, :, ::-1][organ[:, :, ::-1]],
        )


def test_the_label_of_a_pixel_is_that_of_its_column_row_and_instance_number(published, out):
    run(published, out, [2])
    label, image = (voxels(out / f"{kind}/0002.nii.gz") for kind in ("labels", "images"))
    for path in published.slices(2):
        dataset = dcmread(path)
        hu = dataset.pixel_array.astype(int) + int(dataset.RescaleIntercept)
        z = dataset.InstanceNumber - 1
        np.testing.assert_array_equal(image[:, :, z].T, hu)
        np.testing.assert_array_equal(label[:, :, z].T, published.labels(2)[:, :, z].T)


def test_every_voxel_lies_where_it_was_scanned(published, kept, volumes):
    for number, volume in volumes.items():
        affine = nibabel.load(kept / f"images/{number:04}.nii.gz").affine
        columns, rows, slices = volume.grid.shape
        for x, y, z in product((0, columns - 1), (0, rows - 1), (0, slices - 1)):
            left, back, head = (
                first + step * at
                for first, step, at in zip(
                    volume.grid.first_mm, volume.grid.spacing_mm, (x, y, z), strict=True
                )
            )
            np.testing.assert_allclose(
                affine @ [x, y, slices - 1 - z, 1], [-left, -back, head, 1], atol=1e-3
            )


def test_the_catalog_reads_it(published, kept):
    cases = NIHPancreas(data_root=kept).read(DigestIndex()).cases
    assert [case.id for case in cases] == ["0001", "0002", "0003"]
    for case in cases:
        counts = dict(case.label.pixels)
        assert counts[1] == np.count_nonzero(published.labels(int(case.id)))
        assert sum(counts.values()) == published.labels(int(case.id)).size


def test_both_layouts_give_the_same_files(published, out, kept):
    scans = {number: published.slices(number) for number in (1, 2, 3)}
    for number, slices in scans.items():
        folder = published.root / f"DOI/PANCREAS_{number:04}/1.2.826/1.2.827"
        folder.mkdir(parents=True)
        # The old layout numbers files by no rule that one could rely on.
        for at, path in enumerate(reversed(slices)):
            path.rename(folder / f"{at:06}.dcm")
    shutil.rmtree(published.root / "manifest-1599750808610")
    run(published, out)
    assert files(out) == files(kept)


def test_files_that_are_no_dicom_are_told_and_left_out(published, out, caplog):
    (published.slices(1)[0].parent / "LICENSE").write_text("free")
    with caplog.at_level("INFO"):
        run(published, out, [1])
    assert "case 0001: 1 files are no DICOM files" in caplog.text
    assert "LICENSE" in caplog.text
    assert (out / "images/0001.nii.gz").exists()


def test_dicom_files_need_no_suffix(published, out, volumes):
    for path in published.slices(1):
        path.rename(path.with_suffix(""))
    run(published, out, [1])
    np.testing.assert_array_equal(voxels(out / "images/0001.nii.gz"), volumes[1].voxels[:, :, ::-1])


def test_the_record_tells_what_was_made_of_what(published, kept, volumes):
    record = json.loads((kept / "prepared.json").read_text())
    assert sorted(record["cases"]) == ["0001", "0002", "0003"]
    entry = record["cases"]["0003"]
    assert entry["series"] == dcmread(published.slices(3)[0]).SeriesInstanceUID
    assert entry["organ_voxels"] == np.count_nonzero(published.labels(3))
    assert entry["shape"] == [48, 40, 24]
    np.testing.assert_allclose(entry["spacing_mm"], volumes[3].grid.spacing_mm, atol=1e-4)
    inside = volumes[3].voxels[volumes[3].labels > 0]
    assert entry["organ_mean_hu"] == pytest.approx(inside.mean(), abs=0.01)
    assert entry["sources"]["label"]["name"] == "label0003.nii.gz"
    assert entry["sources"]["scan"]["files"] == 24
    assert set(entry["files"]) == {"images/0003.nii.gz", "labels/0003.nii.gz"}
    assert set(entry["versions"]) == {"ssl_seg", "nibabel", "numpy", "pydicom"}
    assert str(published.root) not in (kept / "prepared.json").read_text()


def test_the_edge_is_looked_at_2_mm_outside_along_columns_and_rows(published, out):
    published.change_slices(2, PixelSpacing=[0.5, 2.5])  # from row to row, column to column
    run(published, out, [2], unchecked=[2])
    hu = voxels(out / "images/0002.nii.gz").clip(-100, 240).astype(float)
    organ = published.labels(2) > 0
    within, outside = [], []
    for way in ((1, 0), (-1, 0), (0, 4), (0, -4)):
        edge = organ & ~np.roll(organ, way, (0, 1))  # the organ touches no side of the slices
        within.append(hu[edge])
        outside.append(np.roll(hu, way, (0, 1))[edge])
    entry = json.loads((out / "prepared.json").read_text())["cases"]["0002"]
    expected = np.concatenate(within).mean() - np.concatenate(outside).mean()
    assert entry["organ_contrast_hu"] == pytest.approx(expected, abs=0.01)


# What is refused


def test_a_missing_slice(published, out):
    published.slices(1)[9].unlink()
    message = refusal(published, out)
    assert "no file has 10" in message
    assert str(published.slices(1)[0].parent) in message


def test_a_missing_slice_among_renumbered_ones(published, out):
    missing, *later = published.slices(1)[9:]
    missing.unlink()
    for path in later:
        dataset = dcmread(path)
        dataset.InstanceNumber -= 1
        dataset.save_as(path)
    message = refusal(published, out)
    assert "is a slice missing?" in message
    assert str(published.slices(1)[8]) in message
    assert str(published.slices(1)[9]) in message


def test_a_missing_last_slice(published, out):
    published.slices(1)[-1].unlink()
    message = refusal(published, out)
    assert "the shape of the scan, (48, 40, 23)" in message
    assert "found (48, 40, 24)" in message
    assert "slice missing at the end" in message
    assert str(published.label(1)) in message
    assert str(published.slices(1)[0].parent) in message


def test_two_series_in_one_folder(published, out):
    shutil.copytree(published.slices(2)[0].parent, published.slices(1)[0].parent / "more")
    message = refusal(published, out)
    assert "expected one series, found 2" in message
    assert dcmread(published.slices(2)[0]).SeriesInstanceUID in message


def test_a_series_that_was_downloaded_twice(published, out):
    shutil.copytree(published.slices(1)[0].parent, published.scan(1) / "again")
    assert "InstanceNumber 1 stands in two files" in refusal(published, out)


def test_a_scan_in_the_folder_of_another(published, out):
    one, two, aside = published.scan(1), published.scan(2), published.root / "aside"
    one.rename(aside)
    two.rename(one)
    aside.rename(two)
    message = refusal(published, out)
    assert "expected PatientID PANCREAS_0001, found PANCREAS_0002" in message
    assert str(one) in message


def test_slices_that_are_not_axial(published, out):
    published.change_slices(1, ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
    assert "not an axial slice" in refusal(published, out)


def test_slices_of_differing_spacing(published, out):
    dataset = dcmread(published.slices(1)[4])
    dataset.PixelSpacing = [1, 1]
    dataset.save_as(published.slices(1)[4])
    message = refusal(published, out)
    assert "PixelSpacing: expected the same in all slices" in message
    assert str(published.slices(1)[4]) in message


def test_a_slice_without_pixels(published, out):
    dataset = dcmread(published.slices(1)[4])
    del dataset.PixelData
    dataset.save_as(published.slices(1)[4])
    message = refusal(published, out)
    assert "has no pixel data" in message
    assert str(published.slices(1)[4]) in message


def test_a_slice_that_cannot_be_decompressed(published, out):
    dataset = dcmread(published.slices(1)[4])
    dataset.compress(RLELossless)
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    dataset.save_as(published.slices(1)[4])
    message = refusal(published, out)
    assert "pixels are compressed (JPEG 2000" in message
    assert str(published.slices(1)[4]) in message


def test_a_file_that_claims_to_be_dicom(published, out):
    published.slices(1)[4].write_bytes(b"not found")
    message = refusal(published, out)
    assert "not readable as a DICOM file" in message
    assert str(published.slices(1)[4]) in message


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda labels: labels * 2, "expected the values 0 and 1, found values [0, 2]"),
        (lambda labels: labels * 0, "expected the values 0 and 1, found no labelled voxel"),
        (lambda labels: labels * np.float32(0.5), "expected whole numbers from 0 to 255"),
        (lambda labels: labels[:, :, :-1], "expected the shape of the scan, (48, 40, 24)"),
        (lambda labels: labels.transpose(1, 0, 2), "found (40, 48, 24)"),
    ],
    ids=["values", "empty", "halves", "slices", "rows"],
)
def test_labels_that_do_not_fit(published, out, spoil, told):
    published.write_label(1, spoil(published.labels(1)))
    message = refusal(published, out)
    assert told in message
    assert str(published.label(1)) in message


def test_labels_of_whole_floats_are_fine(published, out, volumes):
    published.write_label(1, published.labels(1).astype(np.float64))
    run(published, out, [1])
    np.testing.assert_array_equal(
        voxels(out / "labels/0001.nii.gz"), volumes[1].labels[:, :, ::-1] > 0
    )


def test_a_label_for_a_converted_scan(published, out):
    """dcm2niix reverses the rows, so labels that go with its images are flipped along y."""
    published.write_label(2, published.labels(2)[:, ::-1])
    message = refusal(published, out, 2)
    assert "it would fit better flipped along y: mean" in message
    assert str(published.label(2)) in message
    assert str(published.slices(2)[0].parent) in message
    assert "--unchecked 2" in message


def test_a_label_whose_slices_run_the_other_way(published, out):
    published.write_label(2, published.labels(2)[:, :, ::-1])
    assert "it would fit better flipped along z: mean" in refusal(published, out, 2)


def test_the_label_of_another_case(published, out):
    published.write_label(1, np.roll(published.labels(1), (12, 12), (0, 1)))
    assert "does not lie on the pancreas of" in refusal(published, out)


def test_a_case_that_somebody_looked_at_is_not_checked(published, out):
    published.write_label(2, published.labels(2)[:, ::-1])
    run(published, out, [2], unchecked=[2])
    np.testing.assert_array_equal(voxels(out / "labels/0002.nii.gz"), published.labels(2))
    entry = json.loads((out / "prepared.json").read_text())["cases"]["0002"]
    assert entry["is_checked"] is False


def test_labels_of_published_size_must_have_the_published_voxels(published, out, tmp_path):
    root = tmp_path / "large"
    root.mkdir()
    NIH.write(root, Cohort(look="source", train=1, size=(512, 512, 16)))
    large = type(published)(root)
    found = np.count_nonzero(large.labels(1))
    message = refusal(large, out)
    assert f"expected 78329 labelled voxels, as in the published label 1, found {found}" in message
    assert str(large.label(1)) in message
    assert run(large, out, unchecked=[1]).made == ("0001",)


def test_others_are_prepared_beside_a_bad_case(published, out):
    published.slices(2)[3].unlink()
    with pytest.raises(ValueError, match=r"case 0002: .*no file has 4"):
        run(published, out)
    assert set(files(out)) == {
        "prepared.json",
        *(f"{kind}/{case}.nii.gz" for kind in ("images", "labels") for case in ("0001", "0003")),
    }


# Going on


def test_finished_cases_are_kept_and_the_result_is_that_of_one_call(published, out, kept):
    assert run(published, out, [2]).made == ("0002",)
    before = (out / "images/0002.nii.gz").stat()
    done = run(published, out)
    assert (done.made, done.kept) == (("0001", "0003"), ("0002",))
    after = (out / "images/0002.nii.gz").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert files(out) == files(kept)


@pytest.mark.parametrize("kind", ["images", "labels"])
def test_a_case_of_which_a_file_is_missing_is_made_again(published, prepared, kind):
    before = files(prepared)
    (prepared / kind / "0002.nii.gz").unlink()
    assert run(published, prepared).made == ("0002",)
    assert files(prepared) == before


@pytest.mark.parametrize("kind", ["images", "labels"])
def test_changed_files_are_not_lost_unless_told(published, prepared, kind):
    before = files(prepared)
    path = prepared / kind / "0002.nii.gz"
    path.write_bytes(b"corrected by hand")
    with pytest.raises(ValueError, match=r"case 0002: .* changed since .* --overwrite") as caught:
        run(published, prepared)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"corrected by hand"
    assert run(published, prepared, overwrite=True).made == ("0001", "0002", "0003")
    assert files(prepared) == before


def test_other_sources_are_told(published, prepared):
    before = files(prepared)
    published.change_slices(2, RescaleIntercept=-1000)
    with pytest.raises(ValueError, match="case 0002: was prepared from other files"):
        run(published, prepared)
    assert files(prepared) == before
    run(published, prepared, overwrite=True)
    after = files(prepared)
    assert {name for name in after if after[name] != before[name]} == {
        "images/0002.nii.gz",
        "prepared.json",
    }


def test_a_refused_case_keeps_what_was_made_before(published, prepared):
    before = files(prepared)
    published.slices(2)[3].unlink()
    with pytest.raises(ValueError, match="case 0002"):
        run(published, prepared, overwrite=True)
    assert files(prepared) == before


def test_a_case_is_unfinished_while_it_is_made_anew(published, prepared):
    before = files(prepared)
    blocked = prepared / "labels/0002.nii.gz"
    blocked.unlink()
    (blocked / "in the way").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        run(published, prepared, [2], overwrite=True)
    assert sorted(json.loads((prepared / "prepared.json").read_text())["cases"]) == ["0001", "0003"]
    shutil.rmtree(blocked)
    run(published, prepared)
    assert files(prepared) == before


def test_files_of_others_are_left_alone(published, out):
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"holds files, but no prepared\.json") as caught:
        run(published, out)
    assert str(out) in str(caught.value)
    assert list(files(out)) == ["notes.txt"]


def test_a_record_of_another_program_is_refused(published, out):
    out.mkdir()
    (out / "prepared.json").write_text('{"format": 99}')
    with pytest.raises(ValueError, match="found another format or data set") as caught:
        run(published, out)
    assert str(out / "prepared.json") in str(caught.value)


def test_a_folder_has_one_writer(published, out):
    with writer_lock(out), pytest.raises(WorkDirInUseError):
        run(published, out)


CALL = """
import sys
from pathlib import Path
from ssl_seg.prepare.nih_pancreas.pairs import find_pairs
from ssl_seg.prepare.nih_pancreas.prepare import prepare
root, out = map(Path, sys.argv[1:])
prepare(find_pairs(root, root).pairs, out)
"""


@pytest.mark.parametrize("kill_at", ["prepared.json", "images/0002.nii.gz"])
def test_a_killed_run_goes_on(published, out, kept, kill_at):
    process = subprocess.Popen([sys.executable, "-c", CALL, str(published.root), str(out)])
    while not (out / kill_at).exists() and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (out / kill_at).exists()
    leftover = out / "images" / f".{'0' * 16}.part"
    leftover.parent.mkdir(exist_ok=True)
    leftover.write_bytes(b"cut off")
    run(published, out)
    assert files(out) == files(kept)
