"""Label maps put end to end, in any order, and the finest space that several lists share."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.space_joins import SpaceJoins
from ssl_seg.core.space_map import SpaceMap


def space(name, *classes):
    return LabelSpace(name, classes, ((7, 7, 7),) * len(classes))


WORLD = space("world", "road", "kerb", "car", "bus", "tree")
CITY = space("city", "road", "car", "bus", "tree")
FEW = space("few", "road", "vehicle", "rest")
TWO = space("two", "thing", "stuff")
IDS = space("ids", "void", "road", "car", "bus", "tree")

WORLD_CITY = SpaceMap("world_city", WORLD, CITY, (0, 255, 1, 2, 3))
CITY_FEW = SpaceMap("city_few", CITY, FEW, (0, 1, 1, 2))
FEW_TWO = SpaceMap("few_two", FEW, TWO, (1, 0, 1))
CITY_IDS = SpaceMap("city_ids", CITY, IDS, (1, 2, 3, 4))
IDS_CITY = SpaceMap("ids_city", IDS, CITY, (255, 0, 1, 2, 3))
CHAIN = (WORLD_CITY, CITY_FEW, FEW_TWO)


@pytest.mark.parametrize("maps", list(permutations(CHAIN)))
def test_a_chain_is_followed_whatever_the_order_of_its_maps(maps):
    found = SpaceJoins(maps).between(WORLD, TWO)
    assert found is not None
    assert found.table == (1, 255, 0, 0, 1)
    assert (found.source, found.target) == (WORLD, TWO)


def test_nothing_leads_back_or_to_strangers():
    joins = SpaceJoins(CHAIN)
    assert joins.between(CITY, WORLD) is None
    assert joins.between(CITY, IDS) is None
    assert SpaceJoins(()).between(WORLD, CITY) is None


def test_every_space_leads_to_itself():
    renamed = space("renamed", *CITY.classes)
    found = SpaceJoins(()).between(renamed, CITY)
    assert found is not None
    assert found.target == CITY
    assert found.table == (0, 1, 2, 3)


@given(st.permutations(CHAIN))
def test_the_same_map_twice_is_one_map(maps):
    joins = SpaceJoins([*maps, *maps])
    found = joins.between(WORLD, FEW)
    assert found is not None
    assert found.table == (0, 255, 1, 1, 2)


def test_two_ways_that_agree_are_one():
    short_cut = SpaceMap("world_few", WORLD, FEW, (0, 255, 1, 1, 2))
    found = SpaceJoins([short_cut, *CHAIN]).between(WORLD, TWO)
    assert found is not None
    assert found.table == (1, 255, 0, 0, 1)


@pytest.mark.parametrize("number", range(4))
def test_two_ways_that_disagree_are_refused_by_name(number):
    other = SpaceMap("other", WORLD, FEW, (0, 0, 1, 1, 2))
    maps = [*CHAIN]
    maps.insert(number, other)
    with pytest.raises(
        ValueError, match=r"lead from 'world' to 'few' and disagree on 'kerb'; declare one"
    ) as error:
        SpaceJoins(maps)
    assert "'other'" in str(error.value)
    assert "'world_city + city_few'" in str(error.value)


def test_maps_there_and_back_end():
    joins = SpaceJoins([CITY_IDS, IDS_CITY, CITY_FEW])
    there, back = joins.between(CITY, IDS), joins.between(IDS, CITY)
    assert (there, back) == (CITY_IDS, IDS_CITY)
    to_few = joins.between(IDS, FEW)
    assert to_few is not None
    assert to_few.table == (255, 0, 1, 1, 2)


def test_a_map_that_changes_classes_within_a_space_is_refused():
    with pytest.raises(ValueError, match="'drop' leads from 'city' to itself"):
        SpaceJoins([SpaceMap("drop", CITY, CITY, (0, 1, 2, 255))])
    assert SpaceJoins([SpaceMap.identity(CITY)]).between(CITY, CITY) == SpaceMap.identity(CITY)


@pytest.mark.parametrize(
    ("homes", "maps", "finest"),
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
def test_the_finest_space_that_all_lists_lead_to(homes, maps, finest):
    named = {f"list {number}": home for number, home in enumerate(homes)}
    for order in permutations(maps):
        assert SpaceJoins(order).finest_common(named) == finest


@given(
    st.permutations(CHAIN),
    st.lists(st.sampled_from([WORLD, CITY, FEW, TWO]), min_size=1, max_size=4),
)
def test_what_is_shared_can_be_reached_and_nothing_finer_can(maps, homes):
    joins = SpaceJoins(maps)
    found = joins.finest_common({str(number): home for number, home in enumerate(homes)})
    assert all(joins.between(home, found) for home in homes)
    finer = [space for space in (WORLD, CITY, FEW, TWO) if len(space) > len(found)]
    assert not any(all(joins.between(home, space) for home in homes) for space in finer)


def test_lists_that_share_no_space_are_named_with_their_classes():
    with pytest.raises(ValueError, match="adapters: the lists share no label space") as error:
        SpaceJoins([CITY_FEW]).finest_common({"labeled": CITY, "test": WORLD})
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
        SpaceMap("city_sorts", CITY, sorts, (0, 1, 0, 0)),
        SpaceMap("elsewhere_few", elsewhere, FEW, (0, 1)),
        SpaceMap("elsewhere_sorts", elsewhere, sorts, (0, 1)),
    ]
    with pytest.raises(ValueError, match=r"share the label spaces 'few', 'sorts'.*'space'"):
        SpaceJoins(maps).finest_common({"labeled": CITY, "test": elsewhere})


def test_maps_that_start_where_no_list_leads_are_unused():
    joins = SpaceJoins([*CHAIN, IDS_CITY])
    assert joins.unused([WORLD]) == [IDS_CITY]
    assert joins.unused([FEW]) == [WORLD_CITY, CITY_FEW, IDS_CITY]
    assert joins.unused([WORLD, IDS]) == []


def test_finer_labels_are_mapped_and_coarser_ones_guide():
    joins = SpaceJoins(CHAIN)
    fine, same, coarse = map(LabelValues.identity, (WORLD, CITY, FEW))
    assert joins.meet(fine, CITY, "labels") == (WORLD_CITY.applied_to(fine), None)
    assert joins.meet(same, CITY, "labels") == (same, None)
    assert joins.meet(coarse, CITY, "labels") == (coarse, CITY_FEW)


def test_labels_that_no_map_joins_to_the_models_are_refused_by_what_they_are():
    with pytest.raises(
        ValueError, match=r"^the labels of E are in label space 'ids' \(void, "
    ) as error:
        SpaceJoins(CHAIN).meet(LabelValues.identity(IDS), CITY, "the labels of E")
    assert "leads from it to 'city' (road, car, bus, tree) or back" in str(error.value)
