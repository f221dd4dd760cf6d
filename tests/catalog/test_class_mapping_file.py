"""A user's own class mapping: read from a file, checked, and refused by file and class."""

from __future__ import annotations

import json
import re

import pytest

from ssl_seg.catalog.class_mapping_file import open_map, read_map, shipped_maps
from ssl_seg.catalog.palette import generated_palette
from ssl_seg.catalog.space_file import shipped_space
from ssl_seg.core.space import LabelValues

PLANTS = {"name": "plants", "classes": ["maize", "bean", "thistle", "soil"]}
MAP = {
    "from": PLANTS,
    "to": {"name": "weeds", "classes": [["crop", [0, 200, 0]], ["weed", [200, 0, 0]]]},
    "total": False,
    "classes": {"maize": "crop", "bean": "crop", "thistle": "weed"},
    "ignored": ["soil"],
}


@pytest.fixture
def written(tmp_path):
    """Write a map, with changes; ``None`` leaves a key out."""

    def write(**changes):
        content = {key: value for key, value in {**MAP, **changes}.items() if value is not None}
        path = tmp_path / "mine.json"
        path.write_text(json.dumps(content))
        return path

    return write


def refusal(path, folder=None):
    with pytest.raises(ValueError, match=re.escape(str(path))) as error:
        open_map(path.name, folder or path.parent)
    return str(error.value)


def test_a_map_of_a_user_s_own_classes(written):
    made = open_map("mine.json", written().parent)
    assert made.name == "mine"
    assert made.table == (0, 0, 1, 255)
    assert made.source.classes == ("maize", "bean", "thistle", "soil")
    assert made.source.palette == generated_palette(4)
    assert made.target.palette == ((0, 200, 0), (200, 0, 0))


def test_name_and_reason_may_be_said(written):
    assert read_map(written(name="weeding", about="by the botanist")).name == "weeding"


def test_spaces_may_ship_with_the_project(written):
    path = written(
        **{"from": "idd_lite_4", "to": "cityscapes_5", "ignored": None, "total": True},
        classes={"road": "road", "vehicle": "vehicle", "person": "person", "others": "others"},
    )
    made = read_map(path)
    assert made.source == shipped_space("idd_lite_4")
    assert made.target == shipped_space("cityscapes_5")


def test_spaces_may_be_files_relative_to_the_map(written, tmp_path):
    (tmp_path / "spaces").mkdir()
    (tmp_path / "spaces/plants.json").write_text(json.dumps(PLANTS))
    assert read_map(written(**{"from": "spaces/plants.json"})).table == (0, 0, 1, 255)


def test_a_path_starts_from_the_given_folder(written, tmp_path):
    path = written()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert open_map("../mine.json", elsewhere) == open_map(str(path), elsewhere) == read_map(path)


def test_files_of_the_user_s_space_are_read_into_the_target(written):
    made = read_map(written())
    masks = LabelValues(made.source, ((1, 0), (2, 1), (3, 2), (4, 3), (0, 255)))
    assert made.applied_to(masks).table == ((1, 0), (2, 0), (3, 1), (4, 255), (0, 255))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ignored": ["soli"]}, "unknown in 'plants' (maize, bean, thistle, soil): 'soli' (did"),
        ({"ignored": ["soli"]}, "neither placed nor ignored: 'soil'"),
        ({"ignored": None}, "class mapping 'mine': neither placed nor ignored: 'soil'"),
        ({"ignored": ["soil", "bean"]}, "both placed and ignored: 'bean'"),
        ({"classes": {"maize": "corp"}}, "unknown in 'weeds' (crop, weed): 'corp' (did you mean"),
        ({"total": True}, "ignored, but the mapping calls itself total: 'soil'"),
        ({"total": "no"}, "total: expected true or false, got 'no'"),
        ({"total": None}, "not a class mapping: the key 'total' is missing"),
        ({"clases": {}}, "unknown key 'clases'; did you mean 'classes'?"),
        ({"classes": ["maize"]}, "classes: expected an object of class names, got ['maize']"),
        ({"classes": {"maize": 0}}, "classes: expected an object of class names, got {'maize': 0}"),
        ({"ignored": "soil"}, "ignored: expected a list of class names, got 'soil'"),
        ({"to": "cityscapes5"}, "to: no label space is named 'cityscapes5'; did you mean"),
        ({"from": {"name": "plants"}}, "from: not a description of a label space: expected an"),
        ({"from": 5}, "from: not a description of a label space"),
        ({"to": {"name": "x", "classes": []}}, "to: label space 'x' has no classes"),
        ({"to": {"name": "x", "classes": ["a", "a"]}}, "to: label space 'x' names ['a'] more"),
        ({"to": {"name": "x", "classes": ["a"], "ignore": "no"}}, "a number as 'ignore', got 'no'"),
        ({"to": {"name": "x", "classes": ["a"], "ignore": 0}}, "the ignore value must lie between"),
        ({"to": {"name": "x", "classes": [["a", [0, 0, 256]], "b"]}}, "got ['a', [0, 0, 256]]"),
        ({"to": {"name": "x", "classes": [["a", [0, 0]]]}}, "with numbers from 0 to 255, got"),
    ],
)
def test_a_bad_map_is_refused_by_file_and_class(written, changes, reason):
    assert reason in refusal(written(**changes))


def test_a_class_that_is_placed_twice_is_refused(written):
    path = written()
    path.write_text(path.read_text().replace('"bean"', '"maize"'))
    assert "'maize' stands there twice" in refusal(path)


@pytest.mark.parametrize("text", ["", "classes: {}", '{"from": "a",}'])
def test_what_is_not_json_is_refused(tmp_path, text):
    path = tmp_path / "mine.json"
    path.write_text(text)
    assert "not a class mapping: expected JSON: " in refusal(path)


@pytest.mark.parametrize("text", ["[]", "1", '"a"', "null"])
def test_what_is_no_object_is_refused(tmp_path, text):
    path = tmp_path / "mine.json"
    path.write_text(text)
    assert "expected an object with from, to, total, classes" in refusal(path)


def test_what_cannot_be_read_is_refused(tmp_path):
    assert "there is no such class mapping" in refusal(tmp_path / "missing.json")
    (tmp_path / "folder.json").mkdir()
    refusal(tmp_path / "folder.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    refusal(tmp_path / "bytes.json")


@pytest.mark.parametrize(
    ("text", "reason"),
    [(None, "no such label space"), ("{", "expected JSON"), ('{"name": "a"}', "'classes'")],
)
def test_a_space_file_that_cannot_be_used_is_named_beside_the_map(written, tmp_path, text, reason):
    if text is not None:
        (tmp_path / "plants.json").write_text(text)
    message = refusal(written(**{"from": "plants.json"}))
    assert f"from: {tmp_path / 'plants.json'}: " in message
    assert reason in message


def test_an_unknown_name_brings_the_nearest_one(tmp_path):
    with pytest.raises(ValueError, match="'camvid_to_idd'; did you mean 'camvid_to_idd_lite'"):
        open_map("camvid_to_idd", tmp_path)
    with pytest.raises(ValueError, match=r"one of your own is named by its \.json file$") as error:
        open_map("mine", tmp_path)
    assert all(name in str(error.value) for name in shipped_maps())


def test_a_long_file_makes_no_long_message(written):
    many = [f"class {number}" for number in range(66)]
    path = written(**{"from": {"name": "many", "classes": many}}, classes={"x": "crop"}, ignored=[])
    assert len(refusal(path)) < len(str(path)) + 300
    path = written(classes=dict.fromkeys(many, 1))
    assert len(refusal(path)) < len(str(path)) + 200
