"""Published data sets, read whole; their lists and tables come with them and are the oracle."""

import csv

import pytest

from ssl_seg.catalog.camvid import CamVid
from ssl_seg.catalog.idd_lite import IDDLite
from ssl_seg.catalog.mapillary_vistas import MapillaryVistas


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
