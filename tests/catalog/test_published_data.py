"""Published data sets, read whole; their lists and tables come with them and are the oracle."""

import csv

import pytest

from ssl_seg.catalog.camvid import CamVid
from ssl_seg.catalog.idd_lite import IDDLite
from ssl_seg.catalog.mapillary_vistas import MapillaryVistas
from ssl_seg.catalog.msd import MSD
from ssl_seg.catalog.volume_folder import VolumeFolder


@pytest.mark.parametrize(("split", "count"), [("val", 101), ("test", 233)])
def test_camvid(real_data, index, split, count):
    root = real_data / "camvid"
    with (root / "manifest.csv").open(newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file) if row["split"] == split}
    cases = CamVid(data_root=root, split=split).read(index).cases
    assert len(cases) == count
    assert {case.id: case.group for case in cases} == {
        name: row["sequence"] for name, row in rows.items()
    }
    assert all(case.label for case in cases)


@pytest.mark.parametrize(("split", "count", "labeled"), [("val", 204, True), ("test", 404, False)])
def test_idd_lite(real_data, index, split, count, labeled):
    root = real_data / "idd_lite"
    cases = IDDLite(data_root=root, split=split).read(index).cases
    assert len(cases) == count
    assert sorted(case.id for case in cases) == sorted(
        (root / "splits" / f"{split}.txt").read_text().split()
    )
    assert {case.label is not None for case in cases} == {labeled}


def test_list_files_name_cases_as_the_catalog_does(real_data, index):
    catalog = IDDLite(
        data_root=real_data / "idd_lite", split="val", list_file="splits/val.txt"
    ).read(index)
    assert len(catalog.cases) == 204


def test_mapillary_vistas(real_data, index):
    cases = (
        MapillaryVistas(data_root=real_data / "mapillary_sample", split="validation")
        .read(index)
        .cases
    )
    assert len(cases) == 6
    assert all(case.label and case.group == case.id for case in cases)


def test_hippocampus(real_data, index):
    """Two of the label files, 003 and 243, hold floats."""
    root = real_data / "Task04_Hippocampus"
    with (root / "manifest.csv").open(newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    catalog = MSD(data_root=root).read(index)
    assert catalog.values.space.name == "msd_hippocampus"
    assert catalog.values.space.classes == ("background", "Anterior", "Posterior")
    assert [case.id for case in catalog.cases] == sorted(rows)
    assert len(catalog.cases) == 260
    for case in catalog.cases:
        row = rows[case.id]
        counts = dict(case.label.pixels)
        assert counts.pop(0, 0) + sum(counts.values()) == int(row["x"]) * int(row["y"]) * int(
            row["z"]
        )
        assert counts == {1: int(row["vox_1_anterior"]), 2: int(row["vox_2_posterior"])}


def test_hippocampus_in_four_folds(real_data, index):
    root = real_data / "Task04_Hippocampus"
    parts = {
        part: MSD(data_root=root, part=part, fold=0).read(index).cases for part in ("train", "test")
    }
    assert [len(parts["train"]), len(parts["test"])] == [195, 65]
    assert max(case.id for case in parts["test"]) < min(case.id for case in parts["train"])


def test_ct_with_a_label_map_of_other_names(real_data, index):
    catalog = VolumeFolder(
        data_root=real_data / "ct_sample",
        classes=[str(value) for value in range(118)],
        images=".",
        labels=".",
        image_suffix="_ct_sm.nii.gz",
        label_suffix="_seg.nii.gz",
    ).read(index)
    (case,) = catalog.cases
    assert case.id == "example"
    counts = dict(case.label.pixels)
    assert sum(counts.values()) == 122 * 101 * 30
    assert counts[7] > 0
