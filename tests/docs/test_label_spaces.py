"""The page on label spaces lists what ships, and its examples are files that can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ssl_seg.catalog.class_mapping_file import open_map, read_map, shipped_maps
from ssl_seg.catalog.shipped import shipped_json
from ssl_seg.catalog.space_file import read_space, shipped_space

PAGE = (Path(__file__).parents[2] / "docs/label_spaces.md").read_text(encoding="utf-8")


def rows(heading):
    """Return name and second column of the table below a heading."""
    _, _, rest = PAGE.partition(f"\n## {heading}\n")
    part = rest.partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", part, re.MULTILINE))


@pytest.fixture
def example(tmp_path):
    def write(kind, name):
        found = re.findall(
            rf"<!-- {kind}: {re.escape(name)} -->\n```json\n(.*?)```", PAGE, re.DOTALL
        )
        assert len(found) == 1
        path = tmp_path / name
        path.write_text(found[0])
        return path

    return write


def test_all_shipped_spaces_are_listed_with_their_number_of_classes():
    shipped = shipped_json("ssl_seg.catalog.spaces")
    assert rows("Spaces that ship") == {name: str(len(shipped_space(name))) for name in shipped}


def test_all_shipped_maps_are_listed_with_what_they_ignore():
    counts = {name: len(open_map(name, Path()).ignored) for name in shipped_maps()}
    stated = {name: str(count) if count else "none" for name, count in counts.items()}
    assert rows("Class mappings that ship") == stated


def test_the_example_map_can_be_read_and_fits_the_example_config(example):
    made = read_map(example("map", "my_town_to_cityscapes_5.json"))
    assert made.target == shipped_space("cityscapes_5")
    assert made.ignored == ("own bonnet",)
    classes = re.search(r"classes=\(\s*([^)]+)\)\)", PAGE)
    assert classes
    assert tuple(re.findall(r'"([^"]+)"', classes[1])) == made.source.classes


def test_the_example_space_can_be_read(example):
    space = read_space(example("space", "weeds.json"))
    assert space.classes == ("crop", "weed", "soil")
    assert space.palette[0] == (0, 200, 0)
