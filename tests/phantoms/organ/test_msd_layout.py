"""The MSD layout, read back by nibabel alone."""

import json
from dataclasses import replace

import nibabel
import numpy as np
import pytest

from ssl_seg.phantoms.organ.cohort import Cohort, draw_case
from ssl_seg.phantoms.organ.data_folder import write_organ
from ssl_seg.phantoms.organ.msd_layout import MSD

COHORT = Cohort(look="target", train=3, test=2, unlabeled=2, size=(24, 20, 16), seed=3)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A small cohort; to be read only."""
    folder = tmp_path_factory.mktemp("organ") / "msd"
    write_organ(folder, COHORT, MSD)
    return folder


def files(root, folder):
    return {f"./{path.relative_to(root).as_posix()}" for path in (root / folder).iterdir()}


def listed(root, part):
    return (root / f"{part}.txt").read_text().split()


def test_the_summary_lists_all_files_and_no_others(root):
    summary = json.loads((root / "dataset.json").read_text())
    pairs = summary["training"]
    assert summary["labels"] == {"0": "background", "1": "pancreas", "2": "cancer"}
    assert summary["modality"] == {"0": "CT"}
    assert (summary["numTraining"], summary["numTest"]) == (len(pairs), len(summary["test"]))
    assert {pair["image"] for pair in pairs} == files(root, "imagesTr")
    assert {pair["label"] for pair in pairs} == files(root, "labelsTr")
    assert {*summary["test"]} == files(root, "imagesTs")
    assert all(pair["image"].replace("images", "labels") == pair["label"] for pair in pairs)
    assert (len(pairs), len(summary["test"])) == (5, 2)


def test_numbers_of_labeled_cases_have_gaps(root):
    names = sorted(path.name for path in (root / "imagesTr").iterdir())
    assert names[0] == "pancreas_001.nii.gz"
    assert int(names[-1][9:12]) > len(names)


def test_lists_part_the_labeled_cases(root):
    train, test = listed(root, "train"), listed(root, "test")
    assert (len(train), len(test)) == (3, 2)
    named = {f"./imagesTr/{name}.nii.gz" for name in train + test}
    assert named == files(root, "imagesTr")


@pytest.mark.parametrize("part", ["train", "test", "unlabeled"])
def test_every_voxel_lies_where_it_was_scanned(root, part):
    """The affine leads to mm to the right and to the front, a scan's axes to the left and back."""
    if part == "unlabeled":
        name = min(path.name for path in (root / "imagesTs").iterdir())
        image = nibabel.load(root / "imagesTs" / name)
    else:
        name = f"{listed(root, part)[0]}.nii.gz"
        image = nibabel.load(root / "imagesTr" / name)
    volume = draw_case(COHORT, part, 0)
    voxels = np.asarray(image.dataobj)
    found = np.stack(np.meshgrid(*map(np.arange, voxels.shape), indexing="ij"), -1)
    right, front, up = np.moveaxis(nibabel.affines.apply_affine(image.affine, found), -1, 0)
    at = tuple(
        np.rint((place - volume.grid.axis(axis)[0]) / volume.grid.spacing_mm[axis]).astype(int)
        for axis, place in enumerate((-right, -front, up))
    )
    assert all(index.min() == 0 for index in at)
    assert np.array_equal(voxels, volume.voxels[at])
    if part != "unlabeled":
        labels = np.asarray(nibabel.load(root / "labelsTr" / name).dataobj)
        assert np.array_equal(labels, volume.labels[at])
        assert {*np.unique(labels)} == {0, 1, 2}


def test_headers_agree_on_place_unit_and_type(root):
    for path in root.rglob("*.nii.gz"):
        image = nibabel.load(path)
        header = image.header
        assert nibabel.aff2axcodes(image.affine) == ("R", "A", "S")
        assert image.shape == (24, 20, 16)
        assert header.get_zooms() == pytest.approx(np.diag(image.affine)[:3])
        assert header.get_xyzt_units()[0] == "mm"
        assert header.get_data_dtype() == (np.uint8 if "labels" in str(path) else np.int16)
        qform, sform = (header.get_qform(coded=True), header.get_sform(coded=True))
        assert qform[1] == sform[1] == 1  # scanner
        assert np.allclose(qform[0], sform[0], atol=1e-4)


def test_labels_lie_on_their_images(root):
    for path in (root / "labelsTr").iterdir():
        label, image = nibabel.load(path), nibabel.load(root / "imagesTr" / path.name)
        assert np.array_equal(label.affine, image.affine)


def test_equal_settings_give_equal_bytes(root, tmp_path, contents):
    write_organ(tmp_path / "again", COHORT, MSD)
    assert contents(tmp_path / "again") == contents(root)


def test_more_training_cases_change_no_case(root, tmp_path):
    """Numbers may move on; the files that they stand for stay the same."""
    more = replace(COHORT, train=5)
    write_organ(tmp_path / "more", more, MSD)
    for part, count in (("train", 3), ("test", 2)):
        assert drawn(root, part) == drawn(tmp_path / "more", part)[:count]


def drawn(root, part):
    """Return the bytes of the image and the label of every case of a part."""
    return [
        [(root / kind / f"{name}.nii.gz").read_bytes() for kind in ("imagesTr", "labelsTr")]
        for name in listed(root, part)
    ]


def test_without_test_and_unlabeled_cases_their_lists_are_empty(tmp_path):
    write_organ(tmp_path / "data", Cohort(look="source", train=1, size=(16, 16, 16)), MSD)
    assert listed(tmp_path / "data", "train") == ["pancreas_001"]
    assert listed(tmp_path / "data", "test") == []
    assert json.loads((tmp_path / "data/dataset.json").read_text())["test"] == []
