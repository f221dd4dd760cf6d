"""The reference of keys, as it is rendered."""

import pytest

from ssl_seg.config.key_reference import key_reference, nested_reference, unused_reference
from ssl_seg.config.keys import KEYS
from ssl_seg.config.unused_keys import UNUSED


def rows(table):
    head, rule, *lines = table.splitlines()
    cells = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in (head, *lines)]
    assert rule.count("---") == len(cells[0])
    return [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]


def test_every_key_has_a_row():
    assert [row["key"] for row in rows(key_reference())] == [f"`{key.name}`" for key in KEYS]


@pytest.mark.parametrize(
    ("key", "default", "overlays", "anew"),
    [
        ("model", "needed", "roles, sections, views", "train, label"),
        ("threads", "`2`", "roles", "train, label"),
        ("views", "`()`", "roles, sections", "train, label"),
        ("roles", "`{}`", "–", "what is planned"),
        ("work_dir", "`work_dirs/<config name>`", "–", "nothing"),
        ("test_evaluator", "`IoUMetric` with mIoU, mDice", "–", "evaluate"),
    ],
)
def test_a_row_says_where_a_key_may_stand_and_what_follows(key, default, overlays, anew):
    (row,) = (row for row in rows(key_reference()) if row["key"] == f"`{key}`")
    found = row["default"], row["may stand in"], row["a change runs anew"]
    assert found == (default, overlays, anew)


@pytest.mark.parametrize("key", [key for key in KEYS if key.keys], ids=lambda key: key.name)
def test_keys_below_a_key_have_a_table_of_their_own(key):
    listed = [row["key"] for row in rows(nested_reference(key.name))]
    assert listed == [f"`{below.name}`" for below in key.keys]


def test_unused_keys_share_a_row_where_they_share_the_reason():
    listed = [
        name.strip("`") for row in rows(unused_reference()) for name in row["key"].split(", ")
    ]
    assert sorted(listed) == sorted(UNUSED)
    assert len({row["why"] for row in rows(unused_reference())}) == len(rows(unused_reference()))
