"""IoUMetric states mmsegmentation's numbers under mmsegmentation's names."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ssl_seg.compat import import_mmseg
from ssl_seg.core.space import LabelSpace
from ssl_seg.metrics import IoUMetric, Sample
from ssl_seg.registry import METRICS

NAMES = ("road", "car", "person", "sky")
SPACE = LabelSpace("four", NAMES, tuple((40 * i, 0, 0) for i in range(4)))


def samples(count, *, true=4, predicted=4, seed=0):
    """Random cases that hold only the first classes of truth and prediction."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        truth = rng.integers(0, true, (9, 11), dtype=np.uint8)
        noise = rng.integers(0, predicted, truth.shape, dtype=np.uint8)
        prediction = np.where(rng.random(truth.shape) < 0.5, truth % predicted, noise)
        truth[rng.random(truth.shape) < 0.1] = SPACE.ignore
        yield Sample(case=f"case{number}", prediction=prediction, truth=truth)


def scores_of(cases, **options):
    metric = IoUMetric(SPACE, **options)
    for case in cases:
        metric.add(case)
    return metric.scores()


# A class that no prediction and no truth holds, one that only the prediction or the truth holds.
MIXTURES = [(4, 4), (3, 3), (3, 4), (4, 3), (1, 2)]


@pytest.mark.parametrize(("true", "predicted"), MIXTURES)
def test_the_numbers_are_those_of_mmsegmentation(true, predicted):
    import_mmseg()
    import torch
    from mmseg.evaluation import IoUMetric as Peer

    cases = list(samples(3, true=true, predicted=predicted))
    names = ["mIoU", "mDice", "mFscore"]
    areas = [
        Peer.intersect_and_union(
            torch.from_numpy(case.prediction), torch.from_numpy(case.truth), len(SPACE), 255
        )
        for case in cases
    ]
    peer = Peer.total_area_to_metrics(*(sum(a) for a in zip(*areas, strict=True)), names)
    mine = scores_of(cases, iou_metrics=names)
    accuracy = 100 * float(peer.pop("aAcc"))
    assert mine["metrics"]["aAcc"] == pytest.approx(accuracy, rel=1e-5)
    assert set(peer) == set(mine["classes"]["road"])
    for name, values in peer.items():
        stated = [mine["classes"][label][name] for label in NAMES]
        stated = np.array([np.nan if value is None else value for value in stated])
        np.testing.assert_allclose(stated, 100 * values, rtol=1e-5)
        mean = 100 * np.nanmean(values)
        assert mine["metrics"][f"m{name}"] == pytest.approx(mean, rel=1e-5)


def test_a_class_that_is_nowhere_is_absent_and_left_out_of_the_mean():
    case = Sample(
        case="a", prediction=np.array([[0, 1]], np.uint8), truth=np.array([[0, 1]], np.uint8)
    )
    found = scores_of([case])
    assert found["absent"] == ["person", "sky"]
    assert found["classes"]["sky"] == {"Acc": None, "IoU": None, "Dice": None}
    assert found["metrics"] == {"aAcc": 100, "mAcc": 100, "mIoU": 100, "mDice": 100}


def test_a_class_that_is_only_predicted_counts_as_zero():
    case = Sample(
        case="a", prediction=np.array([[0, 1]], np.uint8), truth=np.array([[0, 0]], np.uint8)
    )
    found = scores_of([case])
    assert "car" not in found["absent"]
    assert found["classes"]["car"]["IoU"] == 0
    assert found["metrics"]["mIoU"] == 25


def test_the_confusion_has_truth_in_rows():
    case = Sample(case="a", prediction=np.array([[1]], np.uint8), truth=np.array([[0]], np.uint8))
    assert scores_of([case])["confusion"][0] == [0, 1, 0, 0]


def test_what_is_stored_is_not_rounded():
    case = Sample(
        case="a", prediction=np.array([[0, 1, 1]], np.uint8), truth=np.zeros((1, 3), np.uint8)
    )
    text = json.dumps(scores_of([case])["metrics"])
    assert json.loads(text)["aAcc"] == 100 / 3


@pytest.mark.parametrize("names", ["mIoU", ["mIoU"], ("mIoU",)])
def test_the_values_of_base_configs_are_taken(names):
    metric = METRICS.build({"type": "IoUMetric", "iou_metrics": names}, SPACE)
    assert list(metric.scores()["metrics"]) == ["aAcc", "mAcc", "mIoU"]


def test_a_misspelt_score_is_refused_with_the_nearest_one():
    with pytest.raises(ValueError, match=r"test_evaluator\[0\].*'mIou'.*did you mean 'mIoU'"):
        METRICS.build(
            {"type": "IoUMetric", "iou_metrics": ["mIou"]}, SPACE, where="test_evaluator[0]"
        )


def test_an_unknown_argument_is_refused():
    with pytest.raises(ValueError, match="nan_to_num"):
        METRICS.build({"type": "IoUMetric", "nan_to_num": 0}, SPACE)
