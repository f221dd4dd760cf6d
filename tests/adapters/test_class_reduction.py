"""Class reduction: which map it declares, and how a bad one is refused."""

import json
from pathlib import Path

import pytest

from ssl_seg.config.spaces import declared_mappings
from ssl_seg.registry import ADAPTERS


def declared(adapter, folder=Path()):
    (found,) = declared_mappings([{"type": "ClassReduction", **adapter}], folder)
    return found


def test_a_shipped_map_goes_by_its_name():
    found = declared({"map": "idd_lite_to_idd_lite_4"})
    assert (found.source.name, found.target.name) == ("idd_lite", "idd_lite_4")


def test_a_map_of_ones_own_is_found_beside_the_config(tmp_path):
    content = {
        "from": {"name": "mine", "classes": ["sky", "road", "car"]},
        "to": {"name": "few", "classes": ["back", "car"]},
        "total": True,
        "classes": {"sky": "back", "road": "back", "car": "car"},
    }
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps/mine.json").write_text(json.dumps(content))
    assert declared({"map": "maps/mine.json"}, tmp_path).table == (0, 0, 1)


def test_it_has_no_part_in_predicting():
    assert not hasattr(ADAPTERS.get("ClassReduction"), "around")


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        (
            {"map": "idd_lite_to_idd"},
            r"adapters\[0\]: no class mapping is named 'idd_lite_to_idd'",
        ),
        ({"map": "none.json"}, r"adapters\[0\]: none\.json: "),
        ({"map": 7}, r"adapters\[0\]: map: expected a name or the path of a file, got 7"),
        ({"maps": "x"}, r"adapters\[0\]\.maps: ClassReduction has no such argument.*'map'"),
        ({}, r"adapters\[0\]: ClassReduction needs the argument 'map'"),
    ],
)
def test_a_bad_map_is_refused_by_place(adapter, message):
    with pytest.raises(ValueError, match=message):
        declared(adapter)
