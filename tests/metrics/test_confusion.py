"""Confusion matrices are exact counts, and nothing out of range goes unnoticed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.metrics import confusion
from ssl_seg.metrics.confusion import confusion_matrix


def counted_one_by_one(prediction, truth, classes, ignore):
    counts = np.zeros((classes, classes), np.int64)
    for predicted, true in zip(prediction.flat, truth.flat, strict=True):
        if true != ignore:
            counts[true, predicted] += 1
    return counts


@given(
    seed=st.integers(0, 2**32 - 1),
    classes=st.integers(1, 255),
    shape=st.sampled_from([(1, 1), (7, 5), (0, 3), (2, 3, 4)]),
    gap=st.integers(0, 3),
)
def test_equals_counting_one_by_one(seed, classes, shape, gap):
    rng = np.random.default_rng(seed)
    ignore = min(255, classes + gap)
    truth = rng.choice([*range(classes), ignore], shape).astype(np.uint8)
    prediction = rng.integers(0, classes, shape, dtype=np.uint8)
    counts = confusion_matrix(prediction, truth, classes, ignore)
    assert counts.dtype == np.int64
    assert np.array_equal(counts, counted_one_by_one(prediction, truth, classes, ignore))


def test_views_that_are_not_contiguous_count_the_same():
    rng = np.random.default_rng(0)
    truth, prediction = rng.integers(0, 3, (2, 8, 6), dtype=np.uint8)
    flipped = confusion_matrix(prediction[::-1, ::2], truth[::-1, ::2], 3, 255)
    assert np.array_equal(flipped, confusion_matrix(prediction[:, ::2], truth[:, ::2], 3, 255))


def test_chunks_add_up(monkeypatch):
    rng = np.random.default_rng(1)
    truth, prediction = rng.integers(0, 4, (2, 10, 10), dtype=np.uint8)
    whole = confusion_matrix(prediction, truth, 4, 255)
    monkeypatch.setattr(confusion, "_CHUNK_PIXELS", 7)
    assert np.array_equal(confusion_matrix(prediction, truth, 4, 255), whole)


@pytest.mark.parametrize("chunk", [1, 4])
def test_parts_that_hold_one_value_are_counted_and_checked_like_others(monkeypatch, chunk):
    monkeypatch.setattr(confusion, "_CHUNK_PIXELS", chunk)
    truth = np.array([0, 0, 0, 0, 2, 2, 2, 2, 255, 255, 255, 255, 1, 0, 1, 0], np.uint8)
    prediction = np.array([1, 1, 1, 1, 2, 2, 2, 2, 77, 77, 77, 77, 0, 0, 0, 0], np.uint8)
    counts = confusion_matrix(prediction, truth, 3, 255)
    assert counts.tolist() == [[2, 4, 0], [2, 0, 0], [0, 0, 4]]
    for wrong in (truth, prediction):
        kept, wrong[4:8] = wrong[4:8].copy(), 3
        with pytest.raises(ValueError, match=r"holds \[3\] at scored pixels"):
            confusion_matrix(prediction, truth, 3, 255)
        wrong[4:8] = kept


@pytest.mark.parametrize("layouts", ["FF", "FC", "CF"])
def test_the_order_in_memory_changes_nothing(layouts):
    pair = np.random.default_rng(2).integers(0, 3, (2, 4, 5, 6), dtype=np.uint8)
    prediction, truth = (np.asarray(a, order=o) for a, o in zip(pair, layouts, strict=True))
    assert np.array_equal(
        confusion_matrix(prediction, truth, 3, 255), confusion_matrix(*pair, 3, 255)
    )


def test_one_pixel_among_more_than_float32_can_count_is_not_lost():
    truth = np.zeros((1, 2**24 + 3), np.uint8)
    prediction = truth.copy()
    prediction[0, 5] = 1
    counts = confusion_matrix(prediction, truth, 2, 255)
    assert counts.tolist() == [[2**24 + 2, 1], [0, 0]]


def test_a_prediction_may_hold_anything_where_the_truth_is_ignored():
    truth = np.array([[0, 255]], np.uint8)
    assert confusion_matrix(np.array([[0, 77]], np.uint8), truth, 2, 255).sum() == 1


@pytest.mark.parametrize(
    ("predicted", "true", "message"),
    [
        (2, 0, r"the prediction holds \[2\]"),
        (255, 0, r"the prediction holds \[255\]"),
        (0, 2, r"the truth holds \[2\]"),
    ],
)
def test_a_scored_value_outside_the_classes_is_refused(predicted, true, message):
    prediction = np.array([[0, 1, predicted]], np.uint8)
    truth = np.array([[0, 1, true]], np.uint8)
    with pytest.raises(ValueError, match=message):
        confusion_matrix(prediction, truth, 2, 255)


@pytest.mark.parametrize(
    ("prediction", "truth", "ignore", "message"),
    [
        (np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8), 255, "shape"),
        (np.zeros((2, 3), np.int64), np.zeros((2, 3), np.uint8), 255, "uint8"),
        (np.zeros((2, 3), np.uint8), np.zeros((2, 3), np.uint8), 1, "ignore value 1"),
    ],
)
def test_unfit_arrays_are_refused(prediction, truth, ignore, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(prediction, truth, 2, ignore)
