import csv

import pytest

from ssl_seg.catalog.camvid import CamVid


@pytest.fixture(params=["own", "segnet"])
def camvid(request, draw, tmp_path):
    image, mask, suffix = {
        "own": ("images/{}/", "labels/{}/", "jpg"),
        "segnet": ("{}/", "{}annot/", "png"),
    }[request.param]
    for split, frame in (
        ("train", "0001TP_006690"),
        ("train", "0006R0_f00930"),
        ("val", "0016E5_1"),
    ):
        draw(f"{image.format(split)}{frame}.{suffix}")
        draw(f"{mask.format(split)}{frame}.png", values=(0, 10, 11))
    return tmp_path


def test_both_published_layouts_are_read(camvid, index):
    catalog = CamVid(data_root=camvid, split=("train", "val")).read(index)
    assert [case.id for case in catalog.cases] == ["0001TP_006690", "0006R0_f00930", "0016E5_1"]
    assert [case.group for case in catalog.cases] == ["0001TP", "0006R0", "0016E5"]
    assert catalog.values.lookup()[9:13] == [9, 10, 255, None]
    assert catalog.values.space.classes[10] == "Bicyclist"


@pytest.mark.parametrize(("split", "count"), [("val", 101), ("test", 233)])
def test_the_published_frames_are_those_of_their_list(real_data, index, split, count):
    root = real_data / "camvid"
    with (root / "manifest.csv").open(newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file) if row["split"] == split}
    cases = CamVid(data_root=root, split=split).read(index).cases
    assert len(cases) == count
    assert {case.id: case.group for case in cases} == {
        name: row["sequence"] for name, row in rows.items()
    }
    assert all(case.label for case in cases)
