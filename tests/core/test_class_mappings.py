"""Class mappings put end to end, in any order, and the finest space that several lists share."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.class_mappings import ClassMappings
from ssl_seg.core.space import LabelSpace, LabelValues


def space(name, *classes):
    return LabelSpace(name, classes, ((7, 7, 7),) * len(classes))


WORLD = space("world", "road", "kerb", "car", "bus", "tree")
CITY = space("city", "road", "car", "bus", "tree")
FEW = space("few", "road", "vehicle", "rest")
TWO = space("two", "thing", "stuff")
IDS = space("ids", "void", "road", "car", "bus", "tree")

WORLD_CITY = ClassMapping("world_city", WORLD, CITY, (0, 255, 1, 2, 3))
CITY_FEW = ClassMapping("city_few", CITY, FEW, (0, 1, 1, 2))
FEW_TWO = ClassMapping("few_two", FEW, TWO, (1, 0, 1))
CITY_IDS = ClassMapping("city_ids", CITY, IDS, (1, 2, 3, 4))
IDS_CITY = ClassMapping("ids_city", IDS, CITY, (255, 0, 1, 2, 3))
CHAIN = (WORLD_CITY, CITY_FEW, FEW_TWO)


@pytest.mark.parametrize("maps", list(permutations(CHAIN)))
def test_a_chain_is_followed_whatever_the_order_of_its_maps(maps):
    found = ClassMappings(maps).between(WORLD, TWO)
    assert found is not None
    assert found.table == (1, 255, 0, 0, 1)
    assert (found.source, found.target) == (WORLD, TWO)


def test_nothing_leads_back_or_to_strangers():
    mappings = ClassMappings(CHAIN)
    assert mappings.between(CITY, WORLD) is None
    assert mappings.between(CITY, IDS) is None
    assert ClassMappings(()).between(WORLD, CITY) is None


def test_every_space_leads_to_itself():
    renamed = space("renamed", *CITY.classes)
    found = ClassMappings(()).between(renamed, CITY)
    assert found is not None
    assert found.target == CITY
    assert found.table == (0, 1, 2, 3)


@given(st.permutations(CHAIN))
def test_the_same_map_twice_is_one_map(maps):
    mappings = ClassMappings([*maps, *maps])
    found = mappings.between(WORLD, FEW)
    assert found is not None
    assert found.table == (0, 255, 1, 1, 2)


def test_two_ways_that_agree_are_one():
    short_cut = ClassMapping("world_few", WORLD, FEW, (0, 255, 1, 1, 2))
    found = ClassMappings([short_cut, *CHAIN]).between(WORLD, TWO)
    assert found is not None
    assert found.table == (1, 255, 0, 0, 1)


@pytest.mark.parametrize("number", range(4))
def test_two_ways_that_disagree_are_refused_by_name(number):
    other = ClassMapping("other", WORLD, FEW, (0, 0, 1, 1, 2))
    maps = [*CHAIN]
    maps.insert(number, other)
    with pytest.raises(
        ValueError, match=r"lead from 'world' to 'few' and disagree on 'kerb'; declare one"
    ) as error:
        ClassMappings(maps)
    assert "'other'" in str(error.value)
    assert "'world_city + city_few'" in str(error.value)


def test_maps_there_and_back_end():
    mappings = ClassMappings([CITY_IDS, IDS_CITY, CITY_FEW])
    there, back = mappings.between(CITY, IDS), mappings.between(IDS, CITY)
    assert (there, back) == (CITY_IDS, IDS_CITY)
    to_few = mappings.between(IDS, FEW)
    assert to_few is not None
    assert to_few.table == (255, 0, 1, 1, 2)


def test_a_map_that_changes_classes_within_a_space_is_refused():
    with pytest.raises(ValueError, match="'drop' leads from 'city' to itself"):
        ClassMappings([ClassMapping("drop", CITY, CITY, (0, 1, 2, 255))])
    assert ClassMappings([ClassMapping.identity(CITY)]).between(
        CITY, CITY
    ) == ClassMapping.identity(CITY)


@pytest.mark.parametrize(
    ("spaces", "maps", "finest"),
    [
        ((CITY, CITY), (), CITY),
        ((CITY, CITY), CHAIN, CITY),
        ((CITY, WORLD), CHAIN, CITY),
        ((WORLD, FEW), CHAIN, FEW),
        ((WORLD, FEW, TWO), CHAIN, TWO),
        ((IDS, WORLD), (WORLD_CITY, IDS_CITY, CITY_FEW), CITY),
        ((CITY, IDS), (CITY_IDS, IDS_CITY), IDS),
    ],
)
def test_the_finest_space_that_all_lists_lead_to(spaces, maps, finest):
    named = {f"list {number}": own for number, own in enumerate(spaces)}
    for order in permutations(maps):
        assert ClassMappings(order).finest_common(named) == finest


@given(
    st.permutations(CHAIN),
    st.lists(st.sampled_from([WORLD, CITY, FEW, TWO]), min_size=1, max_size=4),
)
def test_what_is_shared_can_be_reached_and_nothing_finer_can(maps, spaces):
    mappings = ClassMappings(maps)
    found = mappings.finest_common({str(number): own for number, own in enumerate(spaces)})
    assert all(mappings.between(own, found) for own in spaces)
    finer = [space for space in (WORLD, CITY, FEW, TWO) if len(space) > len(found)]
    assert not any(all(mappings.between(own, space) for own in spaces) for space in finer)


def test_lists_that_share_no_space_are_named_with_their_classes():
    with pytest.raises(ValueError, match="adapters: the lists share no label space") as error:
        ClassMappings([CITY_FEW]).finest_common({"labeled": CITY, "test": WORLD})
    message = str(error.value)
    assert "labeled: 'city' (road, car, bus, tree)" in message
    assert "test: 'world' (road, kerb, car, bus, tree)" in message
    assert "ClassReduction" in message
    assert message.endswith("Declared: 'city_few'")


def test_spaces_none_of_which_is_the_finest_are_left_to_the_user():
    sorts = space("sorts", "big", "small")
    elsewhere = space("elsewhere", "x", "y")
    maps = [
        CITY_FEW,
        ClassMapping("city_sorts", CITY, sorts, (0, 1, 0, 0)),
        ClassMapping("elsewhere_few", elsewhere, FEW, (0, 1)),
        ClassMapping("elsewhere_sorts", elsewhere, sorts, (0, 1)),
    ]
    with pytest.raises(ValueError, match=r"share the label spaces 'few', 'sorts'.*'space'"):
        ClassMappings(maps).finest_common({"labeled": CITY, "test": elsewhere})


def test_maps_that_start_where_no_list_leads_are_unused():
    mappings = ClassMappings([*CHAIN, IDS_CITY])
    assert mappings.unused([WORLD]) == [IDS_CITY]
    assert mappings.unused([FEW]) == [WORLD_CITY, CITY_FEW, IDS_CITY]
    assert mappings.unused([WORLD, IDS]) == []


def test_finer_labels_are_mapped_and_coarser_ones_guide():
    mappings = ClassMappings(CHAIN)
    fine, same, coarse = map(LabelValues.identity, (WORLD, CITY, FEW))
    assert mappings.align(fine, CITY, "labels") == (WORLD_CITY.applied_to(fine), None)
    assert mappings.align(same, CITY, "labels") == (same, None)
    assert mappings.align(coarse, CITY, "labels") == (coarse, CITY_FEW)


def test_labels_that_no_map_joins_to_the_models_are_refused_by_what_they_are():
    with pytest.raises(
        ValueError, match=r"^the labels of E are in label space 'ids' \(void, "
    ) as error:
        ClassMappings(CHAIN).align(LabelValues.identity(IDS), CITY, "the labels of E")
    assert "leads from it to 'city' (road, car, bus, tree) or back" in str(error.value)
