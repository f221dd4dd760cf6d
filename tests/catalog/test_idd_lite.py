import pytest

from ssl_seg.catalog.idd_lite import IDDLite


def test_frames_are_grouped_by_drive_and_those_to_test_have_no_mask(draw, tmp_path, index):
    draw("leftImg8bit/train/9/frame10_image.jpg")
    draw("leftImg8bit/train/10/024541_image.jpg")
    draw("leftImg8bit/test/3/1_image.jpg")
    for name in ("9/frame10", "10/024541"):
        draw(f"gtFine/train/{name}_label.png", values=(0, 6, 255))
    draw("gtFine/train/9/frame10_inst_label.png", values=(77,))
    catalog = IDDLite(data_root=tmp_path, split=["train", "test"]).read(index)
    assert [case.id for case in catalog.cases] == ["9/frame10", "10/024541", "3/1"]
    assert [case.group for case in catalog.cases] == ["9", "10", "3"]
    assert [case.label is None for case in catalog.cases] == [False, False, True]


@pytest.mark.parametrize(("split", "count", "labeled"), [("val", 204, True), ("test", 404, False)])
def test_the_published_frames_are_those_of_their_list(real_data, index, split, count, labeled):
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
