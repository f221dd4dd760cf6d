import logging

import pytest

from ssl_seg.catalog.image_folder import ImageFolder

CLASSES = ("road", "car", "sky")


@pytest.fixture
def folder(draw, tmp_path):
    """Two images with masks and one without, in two folders."""
    draw("images/day/1.jpg")
    draw("images/day/2.JPEG")
    draw("images/night/1.png")
    draw("masks/day/1.png", values=(0, 1, 255), mode="P")
    draw("masks/night/1.png", values=(2, 2, 0))
    return tmp_path


def read(root, index, **arguments):
    return ImageFolder(**{"data_root": root, "classes": CLASSES, **arguments}).read(index)


def groups(catalog):
    return {case.id: case.group for case in catalog.cases}


def test_cases_are_images_in_natural_order_with_their_masks(folder, index):
    cases = read(folder, index).cases
    assert [case.id for case in cases] == ["day/1", "day/2", "night/1"]
    assert [case.label is None for case in cases] == [False, True, False]
    assert cases[2].label.path == str(folder / "masks/night/1.png")


def test_images_alone_are_a_data_set(folder, index):
    assert all(case.label is None for case in read(folder, index, masks=None).cases)


def test_label_files_change_nothing_of_a_case_without_its_label(folder, index):
    with_labels = read(folder, index).cases
    alone = read(folder, index, masks=None).cases
    assert tuple(case.without_label() for case in with_labels) == alone


def test_folders_are_groups_where_there_are_several(folder, index):
    assert groups(read(folder, index)) == {"day/1": "day", "day/2": "day", "night/1": "night"}


def test_in_one_folder_each_case_is_a_group(folder, index):
    catalog = read(folder, index, images="images/day", masks=None)
    assert groups(catalog) == {"1": "1", "2": "2"}


def test_groups_by_pattern(folder, index):
    catalog = read(folder, index, group="/([0-9]+)$")
    assert groups(catalog) == {"day/1": "1", "day/2": "2", "night/1": "1"}
    with pytest.raises(ValueError, match="finds nothing in the case id 'night/1'"):
        read(folder, index, group="(day)")


@pytest.mark.parametrize(("pattern", "reason"), [("(", "no regular expression"), ("a", "got 0")])
def test_bad_group_patterns_are_refused(folder, index, pattern, reason):
    with pytest.raises(ValueError, match=reason):
        read(folder, index, group=pattern)


def test_a_list_chooses_cases_and_the_files_of_others_stay_closed(folder, index):
    (folder / "images/day/2.JPEG").write_text("broken")
    (folder / "list.txt").write_text("night/1\n")
    catalog = read(folder, index, list_file="list.txt")
    assert groups(catalog) == {"night/1": "night"}


def test_images_and_masks_may_share_a_folder(draw, tmp_path, index):
    draw("all/a.png")
    draw("all/a_mask.png", values=(1,))
    shared = {"images": "all", "masks": "all", "image_suffix": ".png"}
    (case,) = read(tmp_path, index, **shared, mask_suffix="_mask.png").cases
    assert (case.id, case.label.path) == ("a", str(tmp_path / "all/a_mask.png"))
    with pytest.raises(ValueError, match="tell them apart"):
        read(tmp_path, index, **shared)


def test_files_left_out_are_said(folder, draw, index, caplog):
    caplog.set_level(logging.INFO)
    (folder / "images/notes.txt").touch()
    draw("masks/day/3.png", values=(1,))
    read(folder, index)
    assert "1 .txt" in caplog.text
    assert "1 masks have no image and are left out, e.g. day/3" in caplog.text
    assert "1 of 3 images have no label, e.g. day/2" in caplog.text


def test_masks_may_follow_another_numbering(draw, tmp_path, index):
    draw("images/a.jpg")
    draw("masks/a.png", values=(0, 10, 255))
    arguments = {"classes": ("off", "on"), "values": (0, 255), "ignore": 10}
    values = read(tmp_path, index, **arguments).values
    table = values.lookup()
    assert (table[0], table[255], table[10]) == (0, 1, values.space.ignore)
    assert table.count(None) == 253


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"classes": "water"}, r"write \('water',\)"),
        ({"classes": ("a", "a")}, "more than once"),
        ({"palette": [(0, 0, 0)]}, "3 classes but 1 colours"),
        ({"palette": [(0, 0)] * 3}, "RGB triples"),
        ({"palette": [(0, 0, 300)] * 3}, "palette: expected whole numbers"),
        ({"values": (1, 2)}, "values: expected one for each of 3 classes, got 2"),
        ({"values": (1, 2, 2.5)}, "values: expected whole numbers"),
        ({"ignore": 0}, "ignore: .* write values="),
        ({"ignore": 256}, "ignore: expected whole numbers"),
    ],
)
def test_bad_arguments_are_refused(tmp_path, arguments, reason):
    with pytest.raises(ValueError, match=reason):
        ImageFolder(**{"data_root": tmp_path, "classes": CLASSES, **arguments})


def test_a_mask_folder_that_fits_no_image_is_refused(folder, index):
    with pytest.raises(ValueError, match=r"expected 'day/1_m\.png', there are 2 \.png"):
        read(folder, index, mask_suffix="_m.png")


def test_a_missing_mask_folder_tells_how_to_do_without(folder, index):
    with pytest.raises(ValueError, match="masks=None for images alone"):
        read(folder, index, masks="labels")
