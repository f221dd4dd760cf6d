"""Maps between label spaces account for every class once, and mapping is a function."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.space import LabelSpace, LabelValues


def space(name, *classes, ignore=255):
    return LabelSpace(name, classes, ((7, 7, 7),) * len(classes), ignore)


STREET = space("street", "road", "lane marking", "car", "bus", "sky")
TRAFFIC = space("traffic", "way", "vehicle")
PLACED = {"road": "way", "lane marking": "way", "car": "vehicle", "bus": "vehicle"}


def reduction(**changes):
    arguments = {"placed": PLACED, "ignored": ["sky"], "total": False, **changes}
    return ClassMapping.by_name("mine", STREET, TRAFFIC, **arguments)


@st.composite
def spaces(draw, name):
    count = draw(st.integers(1, 6))
    ignore = draw(st.sampled_from([count, 100, 255]))
    return space(name, *(f"{name}{number}" for number in range(count)), ignore=ignore)


@st.composite
def chains(draw, length):
    """Maps put end to end, with ignore values and ignored classes of their own."""
    ends = [draw(spaces(name)) for name in "abcdef"[: length + 1]]
    return [
        ClassMapping(
            f"step {number}",
            source,
            target,
            tuple(
                draw(st.sampled_from([*range(len(target)), target.ignore])) for _ in source.classes
            ),
        )
        for number, (source, target) in enumerate(pairwise(ends))
    ]


def test_a_map_by_name_is_a_table_in_the_order_of_the_source():
    made = reduction()
    assert made.table == (0, 0, 1, 1, 255)
    assert made.ignored == ("sky",)
    assert made.groups == ((0, 1), (2, 3))


def test_a_class_without_a_place_becomes_the_ignore_value_of_the_target():
    target = space("traffic", *TRAFFIC.classes, ignore=9)
    made = ClassMapping.by_name("m", STREET, target, placed=PLACED, ignored=["sky"], total=False)
    assert made.table[-1] == 9


def test_a_total_map_ignores_nothing():
    made = reduction(placed={**PLACED, "sky": "way"}, ignored=(), total=True)
    assert made.ignored == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"placed": {**PLACED, "Bus": "vehicle"}},
            "unknown in 'street' (road, lane marking, car, bus, sky): 'Bus' (did you mean 'bus'?)",
        ),
        ({"ignored": ["sky", "water"]}, "lane marking, car, bus, sky): 'water'"),
        (
            {"placed": {**PLACED, "car": "vehicles"}},
            "unknown in 'traffic' (way, vehicle): 'vehicles' (did you mean 'vehicle'?)",
        ),
        ({"ignored": [], "total": True}, "neither placed nor ignored: 'sky'"),
        ({"placed": {"road": "way"}}, "neither placed nor ignored: 'lane marking', 'car', 'bus'"),
        ({"ignored": ["sky", "car"]}, "both placed and ignored: 'car'"),
        ({"ignored": ["sky", "sky"]}, "ignored twice: 'sky'"),
        ({"total": True}, "ignored, but the mapping calls itself total: 'sky'"),
        ({"placed": {**PLACED, "sky": "way"}, "ignored": []}, "is total and must say so"),
    ],
)
def test_what_does_not_account_for_each_class_once_is_refused(changes, reason):
    with pytest.raises(ValueError, match=re.escape(reason)) as error:
        reduction(**changes)
    assert str(error.value).startswith("class mapping 'mine': ")


def test_several_faults_are_said_at_once():
    with pytest.raises(ValueError, match=r"unknown in 'street'.*neither placed nor ignored: 'sky'"):
        reduction(placed={**PLACED, "sea": "way"}, ignored=[], total=True)


def test_many_classes_are_counted_instead_of_listed():
    large = space("large", *(f"class {number}" for number in range(66)))
    with pytest.raises(ValueError, match=r"'class 5', \.\.\. 66 in all$") as error:
        ClassMapping.by_name("m", large, TRAFFIC, placed={}, total=True)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("table", [(0, 0, 1, 1), (0, 0, 1, 1, 2), (0, 0, 1, 1, -1)])
def test_a_table_must_fit_its_spaces(table):
    with pytest.raises(ValueError, match="expected 5 numbers from 0 to 1 or 255"):
        ClassMapping("m", STREET, TRAFFIC, table)


@given(chains(1))
def test_each_class_is_in_one_group_or_ignored(chain):
    (step,) = chain
    grouped = [step.source.classes[number] for group in step.groups for number in group]
    assert sorted([*grouped, *step.ignored]) == sorted(step.source.classes)


@given(chains(3))
def test_composition_is_associative(chain):
    first, second, third = chain
    left, right = first.then(second).then(third), first.then(second.then(third))
    assert left.plain() == right.plain()


@given(chains(2))
def test_composition_maps_twice(chain):
    first, second = chain
    for number, between in enumerate(first.table):
        unplaced = between == first.target.ignore
        wanted = second.target.ignore if unplaced else second.table[between]
        assert first.then(second).table[number] == wanted


@given(chains(1))
def test_the_identity_changes_nothing(chain):
    (step,) = chain
    before, after = ClassMapping.identity(step.source), ClassMapping.identity(step.target)
    assert before.then(step).plain() == step.then(after).plain() == step.plain()


@given(chains(1), st.data())
def test_reading_through_a_map_is_reading_then_mapping(chain, data):
    (step,) = chain
    numbers = st.sampled_from([*range(len(step.source)), step.source.ignore])
    table = data.draw(st.dictionaries(st.integers(0, 255), numbers, max_size=20))
    read = LabelValues(step.source, tuple(table.items())).lookup()
    mapped = step.applied_to(LabelValues(step.source, tuple(table.items())))
    assert mapped.space == step.target
    places = {None: None, step.source.ignore: step.target.ignore}
    places.update(enumerate(step.table))
    assert mapped.lookup() == [places[number] for number in read]


def test_maps_that_do_not_meet_are_not_joined():
    elsewhere = space("elsewhere", "left", "right")
    other = ClassMapping("other", elsewhere, TRAFFIC, (0, 1))
    with pytest.raises(ValueError, match=r"'other' starts at 'elsewhere' \(left, right\), not at "):
        reduction().then(other)
    with pytest.raises(ValueError, match=r"'mine' maps 'street' .*read into 'elsewhere' \(left"):
        reduction().applied_to(LabelValues.identity(elsewhere))


def test_spaces_of_the_same_classes_are_the_same_whatever_their_names():
    renamed = space("renamed", *STREET.classes, ignore=77)
    table = reduction().applied_to(LabelValues.identity(renamed)).table
    assert table == ((0, 0), (1, 0), (2, 1), (3, 1), (4, 255), (77, 255))


def test_plain_data_tell_maps_apart_but_not_their_names():
    made = reduction()
    assert ClassMapping("other", STREET, TRAFFIC, made.table).plain() == made.plain()
    assert ClassMapping("mine", STREET, TRAFFIC, (0, 0, 1, 1, 0)).plain() != made.plain()
    sea = space("street", "road", "lane marking", "car", "bus", "sea")
    assert ClassMapping("mine", sea, TRAFFIC, made.table).plain() != made.plain()
