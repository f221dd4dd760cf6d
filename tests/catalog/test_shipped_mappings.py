"""The class mappings that ship with the project, against tables written out a second time."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

from ssl_seg.catalog.class_mapping_file import open_map, shipped_maps
from ssl_seg.catalog.space_file import shipped_space, shipped_values
from ssl_seg.core.class_mappings import ClassMappings

IGNORE = 255

# fmt: off
# Train id by Vistas label id, in the order in which RobustNet's datasets/mapillary.py lists them.
DG = {
    13: 0, 24: 0, 41: 0, 2: 1, 15: 1, 17: 2, 6: 3, 3: 4, 45: 5, 47: 5, 48: 6, 50: 7, 30: 8, 29: 9,
    27: 10, 19: 11, 20: 12, 21: 12, 22: 12, 55: 13, 61: 14, 54: 15, 58: 16, 57: 17, 52: 18,
}
EXTENDED = {**DG, 7: 0, 8: 0, 14: 0, 23: 0, 9: 1, 11: 1, 41: IGNORE}

TABLES = {
    "mapillary_vistas_to_cityscapes_dg": [DG.get(number, IGNORE) for number in range(65)],
    "mapillary_vistas_to_cityscapes_extended": [
        EXTENDED.get(number, IGNORE) for number in range(65)
    ],
    "mapillary_vistas_to_cityscapes_total": [
        2, 8, 1, 4, 4, 4, 3, 0, 0, 1, 0, 1, 0, 0, 0, 1, 2, 2, 2, 11, 12, 12, 12, 0, 0, 9, 9, 10, 9,
        9, 8, 9, 7, 4, 4, 7, 0, 5, 5, 5, 5, 0, 2, 0, 5, 5, 7, 5, 6, 7, 7, 5, 18, 14, 15, 13, 13, 17,
        16, 14, 14, 14, 18, 13, 13,
    ],
    "cityscapes_to_cityscapes_5": [0, 4, 4, 4, 4, 4, 4, 4, 3, 4, 4, 2, 2, 1, 1, 1, 1, 1, 1],
    "cityscapes_to_cityscapes_5_categories": [
        0, 0, 4, 4, 4, 4, 4, 4, 3, 3, 4, 2, 2, 1, 1, 1, 1, 1, 1
    ],
    "cityscapes_to_cityscapes_7": [0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5, 6, 6, 6, 6, 6, 6],
    "cityscapes_to_cityscapes_16": [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 255, 9, 10, 11, 12, 255, 13, 255, 14, 15
    ],
    "cityscapes_ids_to_cityscapes": [
        255, 255, 255, 255, 255, 255, 255, 0, 1, 255, 255, 2, 3, 4, 255, 255, 255, 5, 255, 6, 7, 8,
        9, 10, 11, 12, 13, 14, 15, 255, 255, 16, 17, 18,
    ],
    "cityscapes_to_cityscapes_ids": [
        7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33
    ],
    "camvid_to_idd_lite": [6, 5, 4, 0, 1, 5, 4, 4, 3, 2, 2],
    "idd_lite_to_idd_lite_4": [0, 3, 2, 1, 3, 3, 3],
}
# fmt: on

MAPILLARY = [name for name in TABLES if name.startswith("mapillary")]
TIES = {"Parking", "Street Light", "Traffic Sign (Back)"}


def shipped(name):
    return open_map(name, Path("nowhere"))


def content(name):
    return json.loads(files("ssl_seg.catalog.maps").joinpath(f"{name}.json").read_text("utf-8"))


def test_each_shipped_map_has_a_table_here():
    assert shipped_maps() == sorted(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_the_table_is_the_expected_one(name):
    assert list(shipped(name).table) == TABLES[name]


@pytest.mark.parametrize("name", TABLES)
def test_name_spaces_and_totality_are_as_the_file_says(name):
    written, read = content(name), shipped(name)
    source, _, rest = name.partition("_to_")
    assert written["name"] == read.name == name
    assert written["from"] == source
    assert rest.startswith(written["to"])
    assert read.source == shipped_space(written["from"])
    assert read.target == shipped_space(written["to"])
    assert written["total"] is (IGNORE not in TABLES[name])


@pytest.mark.parametrize("name", TABLES)
def test_every_class_of_the_target_is_reached(name):
    unreached = {read for read, group in enumerate(shipped(name).groups) if not group}
    assert len(unreached) == (15 if name == "cityscapes_to_cityscapes_ids" else 0)


@pytest.mark.parametrize("name", TABLES)
def test_each_map_says_where_it_comes_from_and_classes_stand_in_order(name):
    written, read = content(name), shipped(name)
    assert len(written["about"]) > 80
    placed, ignored = list(written["classes"]), written.get("ignored", [])
    order = {label: number for number, label in enumerate(read.source.classes)}
    assert placed == sorted(placed, key=order.__getitem__)
    assert ignored == sorted(ignored, key=order.__getitem__)


def test_label_ids_mapped_are_label_ids_read_as_train_ids():
    ids = shipped("cityscapes_ids_to_cityscapes")
    mapped = ids.applied_to(shipped_values("cityscapes_ids", "labelIds"))
    assert mapped.space == shipped_space("cityscapes")
    assert mapped.lookup() == shipped_values("cityscapes", "labelIds").lookup()


def test_train_ids_to_label_ids_and_back_change_nothing():
    there = shipped("cityscapes_to_cityscapes_ids")
    back = shipped("cityscapes_ids_to_cityscapes")
    assert there.then(back).table == tuple(range(19))


@pytest.mark.parametrize("name", MAPILLARY)
def test_the_value_for_unlabeled_stays_ignored(name):
    lookup = shipped(name).applied_to(shipped_values("mapillary_vistas", "labels")).lookup()
    assert lookup[:65] == TABLES[name]
    assert lookup[65] == IGNORE
    assert set(lookup[66:]) == {None}


def test_what_the_page_says_of_the_mapillary_tables_is_so():
    dg, extended, total = map(shipped, MAPILLARY)
    assert [len(one.ignored) for one in (dg, extended, total)] == [40, 35, 0]
    rows = zip(dg.source.classes, dg.table, extended.table, strict=True)
    assert {label for label, one, other in rows if one != other} == {
        "Bike Lane",
        "Crosswalk - Plain",
        "Lane Marking - Crosswalk",
        "Service Lane",
        "Curb Cut",
        "Pedestrian Area",
        "Manhole",
    }
    assert set(extended.ignored) >= TIES
    kept = [pair for pair in zip(dg.table, total.table, strict=True) if pair[0] != IGNORE]
    assert all(one == other for one, other in kept)


def test_maps_that_disagree_are_not_declared_together():
    with pytest.raises(ValueError, match=r"disagree on 'Bike Lane', .* 7 in all; declare one"):
        ClassMappings([shipped(MAPILLARY[0]), shipped(MAPILLARY[1])])
    with pytest.raises(ValueError, match="disagree on 'sidewalk', 'terrain'; declare one"):
        ClassMappings(
            [shipped(f"cityscapes_to_cityscapes_5{kind}") for kind in ("", "_categories")]
        )


def test_sixty_six_become_five():
    mappings = ClassMappings([shipped("cityscapes_to_cityscapes_5"), shipped(MAPILLARY[0])])
    found = mappings.between(shipped_space("mapillary_vistas"), shipped_space("cityscapes_5"))
    assert found is not None
    named = dict(zip(found.source.classes, found.table, strict=True))
    few = found.target.classes
    assert {label: few[named[label]] for label in ("Manhole", "Bus", "Other Rider", "Sky")} == {
        "Manhole": "road",
        "Bus": "vehicle",
        "Other Rider": "person",
        "Sky": "others",
    }
    assert named["Parking"] == IGNORE
