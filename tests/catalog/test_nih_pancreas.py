import logging

import pytest

from ssl_seg.catalog.nih_pancreas import NIHPancreas
from ssl_seg.catalog.space_file import shipped_space
from ssl_seg.core.split import draw_groups

NUMBERS = (*range(1, 8), 25, 70, 82)


@pytest.fixture
def prepared(draw_volume, tmp_path):
    """Ten prepared cases, two of the withdrawn ones among them."""
    for number in NUMBERS:
        draw_volume(f"images/{number:04}.nii.gz")
        draw_volume(f"labels/{number:04}.nii.gz", values=(0, 0, 0, 1))
    (tmp_path / "prepared.json").write_text("{}")
    return tmp_path


def numbers(root, index, **arguments):
    catalog = NIHPancreas(data_root=root, **arguments).read(index)
    return [int(case.id) for case in catalog.cases]


def test_cases_are_numbers_with_a_label(prepared, index):
    catalog = NIHPancreas(data_root=prepared).read(index)
    assert [case.id for case in catalog.cases] == [f"{number:04}" for number in NUMBERS]
    assert all(case.label and case.medium == "volumes" for case in catalog.cases)
    assert catalog.values.table == ((0, 0), (1, 1))
    assert catalog.values.space == shipped_space("nih_pancreas")


def test_only_cases_that_show_the_same_scan_share_a_group(prepared, index):
    """Else folds could part them, and a model label a scan that it was trained on."""
    groups = {case.id: case.group for case in NIHPancreas(data_root=prepared).read(index).cases}
    assert groups == {name: "0002" if name in ("0025", "0070") else name for name in groups}


def test_a_draw_of_groups_never_parts_the_same_scan(prepared, index):
    cases = NIHPancreas(data_root=prepared).read(index).cases
    for seed in range(20):
        drawn = {case.id for case in draw_groups(cases, 4, seed)}
        assert len(drawn) == 4
        assert len(drawn & {"0002", "0025", "0070"}) in (0, 3)


def test_the_space_is_background_and_a_red_pancreas():
    space = shipped_space("nih_pancreas")
    assert space.classes == ("background", "pancreas")
    background, (red, green, blue) = space.palette
    assert background == (0, 0, 0)
    assert red > green == blue


def test_test_is_a_block_of_the_sorted_cases_and_train_the_rest(prepared, index):
    assert numbers(prepared, index, part="test") == [1, 2]
    assert numbers(prepared, index, part="test", fold=3) == [25, 70, 82]
    assert numbers(prepared, index, part="train", fold=3) == list(range(1, 8))
    assert numbers(prepared, index, part="test", fold=1, folds=2) == [6, 7, 25, 70, 82]


def test_the_withdrawn_cases_can_be_left_out_before_folds_are_made(prepared, index):
    assert numbers(prepared, index, cases="distinct") == [*range(1, 8), 82]
    assert numbers(prepared, index, cases="distinct", part="test", fold=3) == [7, 82]


def test_folds_are_of_the_cases_that_a_list_keeps(prepared, index):
    (prepared / "list.txt").write_text("0082\n0003\n0004\n0001\n")
    chosen = {"list_file": "list.txt", "folds": 2}
    assert numbers(prepared, index, **chosen, part="test", fold=1) == [4, 82]


def test_files_of_the_other_part_stay_closed(prepared, index):
    (prepared / "images/0001.nii.gz").write_text("broken")
    assert 1 not in numbers(prepared, index, part="train", fold=0)
    with pytest.raises(ValueError, match=r"0001\.nii\.gz: expected a NIfTI file"):
        numbers(prepared, index, part="test", fold=0)


def test_images_alone_open_no_label(prepared, index):
    for label in (prepared / "labels").iterdir():
        label.write_text("broken")
    cases = NIHPancreas(data_root=prepared, labeled=False).read(index).cases
    assert [case.label for case in cases] == [None] * len(NUMBERS)


def test_a_label_without_image_is_told(prepared, index, caplog):
    (prepared / "images/0070.nii.gz").unlink()
    assert 70 not in numbers(prepared, index)
    assert "1 labels have no image and are left out, e.g. 0070" in caplog.text


def test_macos_leftovers_are_no_cases(prepared, index, caplog):
    caplog.set_level(logging.WARNING)
    for folder in ("images", "labels"):
        (prepared / folder / "._0001.nii.gz").write_bytes(b"\0\5\x16\7")
    assert numbers(prepared, index) == list(NUMBERS)
    assert caplog.text == ""


def test_another_value_in_a_label_is_refused(prepared, draw_volume, index):
    draw_volume("labels/0003.nii.gz", values=(0, 1, 2))
    with pytest.raises(ValueError, match=r"0003\.nii\.gz: the mask holds the values 2"):
        numbers(prepared, index)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"cases": "distnct"}, "^cases: .*did you mean 'distinct'"),
        ({"part": "val"}, "^part: "),
        ({"part": "test", "fold": 4}, "^fold: "),
        ({"fold": 2}, "^fold: all cases"),
    ],
)
def test_bad_arguments_are_refused(tmp_path, arguments, reason):
    with pytest.raises(ValueError, match=reason):
        NIHPancreas(data_root=tmp_path, **arguments)


def test_too_few_cases_for_the_folds_are_told(prepared, index):
    with pytest.raises(ValueError, match="10 cases cannot be divided into 11 folds"):
        numbers(prepared, index, part="test", folds=11)
