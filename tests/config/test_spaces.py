"""Which label space models predict, and what is refused of data sets and maps that do not meet."""

import pytest

from ssl_seg.config.spaces import Spaces, with_classes
from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.space import LabelSpace


def space(name, *classes):
    return LabelSpace(name, classes, ((0, 0, 0),) * len(classes))


CAMBRIDGE = space("cambridge", "sky", "road", "pavement", "car", "bicyclist")
DELHI = space("delhi", "air", "ground", "traffic")
FEW = space("few", "traffic", "rest")
TO_DELHI = ClassMapping("to_delhi", CAMBRIDGE, DELHI, (0, 1, 1, 2, 2))
TO_FEW = ClassMapping("to_few", DELHI, FEW, (1, 1, 0))
HOMES = {"labeled": CAMBRIDGE, "test": DELHI}


def test_models_predict_the_finest_space_that_all_lists_can_be_mapped_to():
    for maps in ((TO_DELHI,), (TO_DELHI, TO_FEW), (TO_FEW, TO_DELHI)):
        assert Spaces.of(HOMES, maps, None).model == DELHI
    assert Spaces.of({"labeled": CAMBRIDGE, "test": FEW}, (TO_DELHI, TO_FEW), None).model == FEW
    assert Spaces.of({"labeled": DELHI, "test": DELHI}, (), None).model == DELHI


def test_another_space_may_be_asked_for_by_name():
    spaces = Spaces.of(HOMES, (TO_DELHI, TO_FEW), "few")
    assert spaces.model == FEW
    assert spaces.named("cambridge") == CAMBRIDGE


def test_models_may_predict_more_classes_than_the_test_labels_tell_apart():
    homes = {"labeled": CAMBRIDGE, "test": DELHI}
    assert Spaces.of(homes, (TO_DELHI,), "cambridge").model == CAMBRIDGE


def test_labeled_cases_of_fewer_classes_than_the_models_are_refused():
    with pytest.raises(ValueError, match=r"space: models predict 'cambridge'.*from 'delhi'.*label"):
        Spaces.of({"labeled": DELHI, "test": CAMBRIDGE}, (TO_DELHI,), "cambridge")


def test_source_and_target_without_a_shared_space_are_refused_with_their_classes():
    message = r"share no label space \(labeled: 'cambridge' \(sky, .*test: 'delhi' \(air, ground"
    with pytest.raises(ValueError, match=message):
        Spaces.of(HOMES, (), None)


def test_a_map_that_starts_where_nothing_leads_to_is_refused():
    stray = ClassMapping("stray", space("oslo", "snow", "road"), FEW, (1, 1))
    message = r"'stray' maps from 'oslo' \(snow, road\).*the lists have 'cambridge' \(sky.*'delhi'"
    with pytest.raises(ValueError, match=message):
        Spaces.of(HOMES, (TO_DELHI, stray), None)


def test_an_unknown_space_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"label space 'dehli'; did you mean 'delhi'"):
        Spaces.of(HOMES, (TO_DELHI,), "dehli")


def test_two_spaces_of_one_name_are_refused():
    other = space("delhi", "air", "earth")
    with pytest.raises(ValueError, match=r"two label spaces are named 'delhi'.*ground.*earth"):
        Spaces.of({"labeled": DELHI, "test": other}, (), None)


def test_heads_that_predict_the_space_follow_another_one():
    model = {
        "type": "EncoderDecoder",
        "decode_head": [{"num_classes": 5, "channels": 5}, {"num_classes": 5}],
        "auxiliary_head": {"num_classes": 2},
    }
    resized = with_classes(model, 5, 3)
    assert [head["num_classes"] for head in resized["decode_head"]] == [3, 3]
    assert resized["decode_head"][0]["channels"] == 5
    assert resized["auxiliary_head"] == {"num_classes": 2}
    assert model["decode_head"][0]["num_classes"] == 5


def test_the_reference_sets_space_chooses_nothing_and_needs_no_map():
    oslo = space("oslo", "snow", "ice")
    for reference in (None, FEW, oslo):
        assert Spaces.of(HOMES, (TO_DELHI, TO_FEW), None, reference=reference).model == DELHI


def test_a_map_may_start_at_the_reference_sets_space():
    from_oslo = ClassMapping("from_oslo", space("oslo", "snow", "lorry"), FEW, (1, 0))
    maps = (TO_DELHI, TO_FEW, from_oslo)
    assert Spaces.of(HOMES, maps, None, reference=from_oslo.source).model == DELHI
