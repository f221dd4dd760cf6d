import json

import pytest

from ssl_seg.catalog.space_file import read_values, shipped_values

KINDS = [
    ("camvid", "labels", 11),
    ("cityscapes", "labelTrainIds", 19),
    ("cityscapes", "labelIds", 19),
    ("idd_lite", "label", 7),
    ("mapillary_vistas", "labels", 65),
]


@pytest.mark.parametrize(("space", "kind", "classes"), KINDS)
def test_shipped_spaces(space, kind, classes):
    values = shipped_values(space, kind)
    assert values.space.name == space
    assert len(values.space) == classes
    assert {number for _, number in values.table} == {*range(classes), values.space.ignore}


def test_both_kinds_of_cityscapes_files_are_one_space():
    trains, ids = (shipped_values("cityscapes", kind) for kind in ("labelTrainIds", "labelIds"))
    assert trains.space == ids.space


@pytest.mark.parametrize(
    ("kind", "type_name"),
    [("cityscapes", "CityscapesDataset"), ("mapillary_vistas", "MapillaryDataset_v1")],
)
def test_names_and_colours_are_mmsegmentations(kind, type_name):
    from ssl_seg.compat import import_mmseg

    import_mmseg()
    from mmseg.registry import DATASETS

    meta = DATASETS.get(type_name).METAINFO
    label_kind = "labelTrainIds" if kind == "cityscapes" else "labels"
    space = shipped_values(kind, label_kind).space
    count = len(space)
    assert space.classes == tuple(meta["classes"][:count])
    assert space.palette == tuple(map(tuple, meta["palette"][:count]))


@pytest.mark.parametrize(
    "content", ["", "{}", '{"name": "a", "ignore": 255, "classes": [["a", [1, 2]]], "files": {}}']
)
def test_a_bad_file_is_named(tmp_path, content):
    (tmp_path / "space.json").write_text(content)
    with pytest.raises(ValueError, match=r"space\.json: not a description"):
        read_values(tmp_path / "space.json", "labels")


def test_a_users_own_file(tmp_path):
    content = {
        "name": "water",
        "ignore": 255,
        "classes": [["land", [0, 0, 0]], ["water", [0, 0, 255]]],
        "files": {"masks": {"classes": [10, 20], "ignored": [0]}},
    }
    (tmp_path / "water.json").write_text(json.dumps(content))
    values = read_values(tmp_path / "water.json", "masks")
    assert values.table == ((10, 0), (20, 1), (0, 255))
