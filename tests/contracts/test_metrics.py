"""What every registered metric promises, whatever it measures."""

from __future__ import annotations

import gc
import json
import tracemalloc

import numpy as np
import pytest

from ssl_seg.core.space import LabelSpace
from ssl_seg.metrics import Sample
from ssl_seg.registry import METRICS

SPACE = LabelSpace("three", ("a", "b", "c"), ((0, 0, 0), (90, 0, 0), (0, 90, 0)), ignore=200)


@pytest.fixture(params=METRICS.names())
def build(request):
    return lambda: METRICS.build({"type": request.param}, SPACE)


def cases(count=3, shape=(8, 8), spacing=None):
    rng = np.random.default_rng(3)
    for number in range(count):
        prediction, truth = rng.integers(0, 3, (2, *shape), dtype=np.uint8)
        yield Sample(case=f"case{number}", prediction=prediction, truth=truth, spacing_mm=spacing)


def scored(metric, samples):
    for sample in samples:
        metric.add(sample)
    return metric.scores()


@pytest.mark.parametrize(
    "shape", [{"shape": (8, 8)}, {"shape": (4, 5, 6), "spacing": (0.7, 0.8, 2.5)}]
)
def test_scores_are_plain_json_by_metric_and_class(build, shape):
    scores = scored(build(), cases(**shape))
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    assert scores["metrics"]
    assert list(scores["classes"]) == list(SPACE.classes)


def test_without_cases_nothing_is_made_up(build):
    scores = build().scores()
    values = [*scores["metrics"].values()]
    values += [value for of in scores["classes"].values() for value in of.values()]
    assert set(values) == {None}


def test_asking_for_scores_changes_nothing(build):
    metric = build()
    first = scored(metric, cases())
    assert metric.scores() == first


def test_the_order_of_cases_does_not_matter(build):
    assert scored(build(), cases()) == scored(build(), reversed(list(cases())))


def test_what_is_kept_of_a_case_is_a_few_numbers(build):
    count, shape = 20, (300, 300)
    metric = build()
    metric.add(next(cases(1, shape)))  # what is imported or made once is no case's
    tracemalloc.start()
    try:
        for number, sample in enumerate(cases(count, shape), start=1):
            metric.add(
                Sample(case=f"new{number}", prediction=sample.prediction, truth=sample.truth)
            )
        del sample
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < count * 4096


def test_metrics_can_stand_together():
    """No two of them give one name different values, so the scores of all fit into one file."""
    metrics = [METRICS.build({"type": name}, SPACE) for name in METRICS.names()]
    stated = {}
    for metric in metrics:
        for place, value in flat(scored(metric, cases())):
            assert stated.setdefault(place, value) == value, place


def flat(scores, place=()):
    """Yield the path to each value of nested dicts, and the value."""
    for name, value in scores.items():
        if isinstance(value, dict):
            yield from flat(value, (*place, name))
        else:
            yield (*place, name), value


def test_adding_keeps_the_arrays_as_they_were(build):
    for sample in cases():
        prediction, truth = sample.prediction.copy(), sample.truth.copy()
        build().add(sample)
        assert np.array_equal(sample.prediction, prediction)
        assert np.array_equal(sample.truth, truth)


def test_ignored_pixels_do_not_count(build):
    rng = np.random.default_rng(4)
    sample = next(cases())
    truth = np.where(rng.random(sample.truth.shape) < 0.3, SPACE.ignore, sample.truth)
    truth = truth.astype(np.uint8)
    noise = rng.integers(0, 3, truth.shape, dtype=np.uint8)
    other = np.where(truth == SPACE.ignore, noise, sample.prediction)
    assert not np.array_equal(other, sample.prediction)
    one = scored(build(), [Sample(case="x", prediction=sample.prediction, truth=truth)])
    assert scored(build(), [Sample(case="x", prediction=other, truth=truth)]) == one


def test_values_outside_the_space_are_refused(build):
    good = np.zeros((4, 4), np.uint8)
    for prediction, truth in ((good + 3, good), (good, good + 3)):
        with pytest.raises(ValueError, match=r"\[3\]"):
            build().add(Sample(case="x", prediction=prediction, truth=truth))


def test_a_sample_of_unequal_maps_cannot_be_made():
    with pytest.raises(ValueError, match=r"x: .*\(4, 4\).*\(4, 5\)"):
        Sample(case="x", prediction=np.zeros((4, 4), np.uint8), truth=np.zeros((4, 5), np.uint8))
    with pytest.raises(ValueError, match="truth as uint8"):
        Sample(case="x", prediction=np.zeros((4, 4), np.uint8), truth=np.zeros((4, 4), np.int32))
    with pytest.raises(ValueError, match="3 spacings for 2 axes"):
        Sample(
            case="x",
            prediction=np.zeros((4, 4), np.uint8),
            truth=np.zeros((4, 4), np.uint8),
            spacing_mm=(1.0, 1.0, 3.0),
        )
