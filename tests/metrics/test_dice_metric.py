"""DiceMetric tells the mean over cases from the score of all cases together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.core.space import LabelSpace
from ssl_seg.metrics import DiceMetric, IoUMetric, Sample
from ssl_seg.registry import METRICS

SPACE = LabelSpace("organs", ("nothing", "liver", "spleen"), ((0, 0, 0), (90, 0, 0), (0, 90, 0)))
LIVER, SPLEEN, IGNORE = 1, 2, SPACE.ignore


def case(prediction, truth, name="a"):
    return Sample(
        case=name, prediction=np.array(prediction, np.uint8), truth=np.array(truth, np.uint8)
    )


def scores_of(*cases, **options):
    metric = DiceMetric(SPACE, **options)
    for sample in cases:
        metric.add(sample)
    return metric.scores()


def random_case(seed, name="a", shape=(4, 5, 6)):
    rng = np.random.default_rng(seed)
    truth = rng.choice([0, 1, 2, IGNORE], shape, p=[0.4, 0.3, 0.2, 0.1])
    return case(
        np.where(rng.random(shape) < 0.6, truth % 3, rng.integers(0, 3, shape)), truth, name
    )


def dice_of_sets(sample, number):
    """Dice of the sets of positions, without those that are ignored."""
    counted = set(np.flatnonzero(sample.truth != IGNORE))
    true = set(np.flatnonzero(sample.truth == number)) & counted
    predicted = set(np.flatnonzero(sample.prediction == number)) & counted
    return 200 * len(true & predicted) / (len(true) + len(predicted))


@given(st.integers(0, 2**32 - 1))
def test_a_case_has_the_dice_of_its_sets_of_voxels(seed):
    sample = random_case(seed)
    by_case = scores_of(sample)["by_case"]["a"]
    for number, name in ((LIVER, "liver"), (SPLEEN, "spleen")):
        assert by_case[name]["DSC"] == pytest.approx(dice_of_sets(sample, number))
    assert list(by_case) == ["liver", "spleen"]


@given(st.integers(0, 2**32 - 1))
def test_of_one_case_both_averages_are_the_same(seed):
    found = scores_of(random_case(seed))
    for name in ("mDSC", "mIoU"):
        assert found["metrics"][f"case {name}"] == found["metrics"][f"global {name}"]


@given(st.integers(0, 2**32 - 1), st.integers(2, 4))
def test_the_global_scores_are_those_of_one_large_case(seed, count):
    cases = [random_case(seed + number, f"case{number}") for number in range(count)]
    joined = case(
        np.concatenate([c.prediction for c in cases]), np.concatenate([c.truth for c in cases])
    )
    apart, together = scores_of(*cases), scores_of(joined)
    for name in ("global mDSC", "global mIoU"):
        assert apart["metrics"][name] == pytest.approx(together["metrics"][name])


def test_by_hand():
    """One case of 8 liver voxels with Dice 80, and one of 2 with Dice 100."""
    large = case([1] * 8 + [1] * 4, [1] * 8 + [0] * 4, "large")
    small = case([1] * 2 + [0] * 10, [1] * 2 + [0] * 10, "small")
    found = scores_of(large, small)
    assert found["by_case"]["large"]["liver"] == pytest.approx({"DSC": 80, "IoU": 100 * 8 / 12})
    assert found["metrics"] == pytest.approx(
        {
            "case mDSC": 90,
            "case mIoU": 100 * (8 / 12 + 1) / 2,
            "global mDSC": 100 * 20 / 24,
            "global mIoU": 100 * 10 / 14,
        }
    )
    assert found["classes"]["liver"]["case DSC"] == pytest.approx(90)
    assert found["absent"] == ["spleen"]


def test_an_empty_prediction_of_a_true_class_is_zero():
    found = scores_of(case([0, 0, 0], [1, 1, 0]), case([1, 1, 0], [1, 1, 0], "b"))
    assert found["by_case"]["a"]["liver"] == {"DSC": 0, "IoU": 0}
    assert found["classes"]["liver"]["case DSC"] == 50
    assert found["presence"]["liver"]["missed"] == 1


def test_a_prediction_of_a_class_that_is_not_there_is_zero():
    found = scores_of(case([0, 1, 0], [0, 0, 0]), case([1, 1, 0], [1, 1, 0], "b"))
    assert found["by_case"]["a"]["liver"] == {"DSC": 0, "IoU": 0}
    assert found["classes"]["liver"]["case DSC"] == 50
    assert found["presence"]["liver"]["spurious"] == 1


def test_a_case_without_the_class_in_either_map_is_left_out_and_counted():
    found = scores_of(case([0, 0, 0], [0, 0, 0]), case([1, 0, 0], [1, 1, 1], "b"))
    assert found["by_case"]["a"]["liver"] == {"DSC": None, "IoU": None}
    assert found["classes"]["liver"]["case DSC"] == 50
    assert found["presence"]["liver"] == {"both": 1, "missed": 0, "spurious": 0, "neither": 1}


def test_a_class_that_is_nowhere_has_no_score_and_does_not_lower_the_mean():
    found = scores_of(case([1, 0], [1, 0]))
    assert set(found["classes"]["spleen"].values()) == {None}
    assert set(found["metrics"].values()) == {100}


def test_a_class_that_is_only_under_ignored_voxels_is_in_neither_map():
    found = scores_of(case([1, 0], [IGNORE, 0]))
    assert found["presence"]["liver"]["neither"] == 1
    assert found["metrics"]["case mDSC"] is None


def test_the_background_does_not_count_unless_asked_for():
    sample = case([0, 0, 1, 1], [0, 0, 0, 1])
    assert set(scores_of(sample)["classes"]["nothing"].values()) == {None}
    assert scores_of(sample)["metrics"]["case mDSC"] == pytest.approx(200 / 3)
    both = scores_of(sample, background=None)
    assert both["classes"]["nothing"]["case DSC"] == pytest.approx(80)
    assert both["metrics"]["case mDSC"] == pytest.approx((80 + 200 / 3) / 2)
    assert "nothing" in both["by_case"]["a"]


def test_with_all_classes_the_global_mean_is_that_of_the_other_metric():
    cases = [random_case(seed, f"case{seed}") for seed in range(3)]
    peer = IoUMetric(SPACE)
    for sample in cases:
        peer.add(sample)
    found = scores_of(*cases, background=None)["metrics"]
    assert found["global mDSC"] == peer.scores()["metrics"]["mDice"]
    assert found["global mIoU"] == peer.scores()["metrics"]["mIoU"]


@pytest.mark.parametrize("first", ["case", "global"])
def test_the_main_average_is_named_among_the_metrics(first):
    found = scores_of(random_case(0), first=first)
    assert found["first"] == f"{first} mDSC"
    assert found["first"] in found["metrics"]


def test_a_misspelt_average_is_refused_with_the_nearest_one():
    with pytest.raises(ValueError, match=r"evaluator: first: .*'globl'; did you mean 'global'"):
        METRICS.build({"type": "DiceMetric", "first": "globl"}, SPACE, where="evaluator")
