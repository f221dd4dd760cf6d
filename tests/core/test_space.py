import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.core.space import LabelSpace, LabelValues

GREY = (7, 7, 7)
SPACE = LabelSpace("three", ("a", "b", "c"), (GREY,) * 3)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"classes": (), "palette": ()}, "has no classes"),
        ({"classes": ("a", "b", "a"), "palette": (GREY,) * 3}, r"\['a'\] more than once"),
        ({"classes": ("a", "b"), "palette": (GREY,)}, "2 classes but 1 colours"),
        ({"classes": ("a",), "palette": (GREY,), "ignore": 0}, r"\(1\) and 255, got 0"),
        ({"classes": ("a",), "palette": (GREY,), "ignore": 256}, "got 256"),
    ],
)
def test_impossible_spaces_are_refused_by_name(arguments, reason):
    with pytest.raises(ValueError, match=rf"label space 'mine'.*{reason}"):
        LabelSpace("mine", **arguments)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (((0, 0), (0, 1)), "listed twice"),
        (((0, 0), (1, 3)), r"no class numbered \[3\]; use 0 to 2 or the ignore value 255"),
        (((0, -1),), r"\[-1\]"),
    ],
)
def test_impossible_tables_are_refused(table, reason):
    with pytest.raises(ValueError, match=reason):
        LabelValues(SPACE, table)


def test_identity_keeps_numbers_and_joins_what_is_ignored():
    table = LabelValues.identity(SPACE, 200, 255).lookup()
    assert table[:3] == [0, 1, 2]
    assert (table[200], table[255]) == (255, 255)
    assert table.count(None) == 256 - 5


@given(st.dictionaries(st.integers(0, 255), st.sampled_from([0, 1, 2, 255]), max_size=20))
def test_the_lookup_says_what_the_table_says(table):
    lookup = LabelValues(SPACE, tuple(table.items())).lookup()
    assert len(lookup) == 256
    assert {value: number for value, number in enumerate(lookup) if number is not None} == table


def test_plain_data_tells_spaces_apart():
    base = {"name": "a", "classes": ("x", "y"), "palette": (GREY, GREY), "ignore": 255}
    changes = (
        {"name": "b"},
        {"classes": ("y", "x")},
        {"palette": (GREY, (8, 8, 8))},
        {"ignore": 9},
    )
    spaces = [LabelSpace(**{**base, **change}) for change in ({}, *changes)]
    assert all(
        (one.plain() == other.plain()) is (one is other) for one in spaces for other in spaces
    )
