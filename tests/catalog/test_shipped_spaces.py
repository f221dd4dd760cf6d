"""The label spaces that no label files are in, or not yet: names, colours, numbers."""

from __future__ import annotations

import pytest

from ssl_seg.catalog.shipped import shipped_json
from ssl_seg.catalog.space_file import shipped_space, shipped_values

CLASSES = {
    "cityscapes_5": "road, vehicle, person, vegetation, others",
    "cityscapes_7": "flat, construction, object, nature, sky, human, vehicle",
    "cityscapes_16": (
        "road, sidewalk, building, wall, fence, pole, traffic light, traffic sign, vegetation, "
        "sky, person, rider, car, bus, motorcycle, bicycle"
    ),
    "cityscapes_ids": (
        "unlabeled, ego vehicle, rectification border, out of roi, static, dynamic, ground, road, "
        "sidewalk, parking, rail track, building, wall, fence, guard rail, bridge, tunnel, pole, "
        "polegroup, traffic light, traffic sign, vegetation, terrain, sky, person, rider, car, "
        "truck, bus, caravan, trailer, train, motorcycle, bicycle"
    ),
    "idd_lite_4": "road, vehicle, person, others",
}


@pytest.mark.parametrize("name", CLASSES)
def test_the_classes_are_the_expected_ones(name):
    space = shipped_space(name)
    assert space.name == name
    assert ", ".join(space.classes) == CLASSES[name]
    assert space.ignore == 255


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_the_colour_that_it_has_in_cityscapes(name):
    city = shipped_space("cityscapes")
    known = dict(zip(city.classes, city.palette, strict=True))
    space = shipped_space(name)
    for label, colour in zip(space.classes, space.palette, strict=True):
        assert colour == known.get(label, colour), label


@pytest.mark.parametrize("name", [name for name in CLASSES if name != "cityscapes_ids"])
def test_classes_of_few_can_be_told_apart(name):
    palette = shipped_space(name).palette
    assert len(set(palette)) == len(palette)
    assert (0, 0, 0) not in palette


def test_label_ids_are_numbers_as_they_are():
    lookup = shipped_values("cityscapes_ids", "labelIds").lookup()
    assert lookup == [*range(34), *[None] * 222]


def test_files_are_named_as_their_spaces():
    for name in shipped_json("ssl_seg.catalog.spaces"):
        assert shipped_space(name).name == name


def test_a_near_name_is_offered():
    with pytest.raises(ValueError, match=r"'cityscapes5'; did you mean 'cityscapes_5'\? Known: "):
        shipped_space("cityscapes5")
