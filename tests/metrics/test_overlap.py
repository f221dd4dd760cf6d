"""Overlap scores: cases done by hand, and properties that hold for any confusion matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ssl_seg.metrics import overlap

matrices = arrays(np.int64, (4, 4), elements=st.integers(0, 10**12))
SCORES = [overlap.iou, overlap.dice, overlap.recall, overlap.precision, overlap.f_score]


def test_by_hand():
    counts = np.array([[3, 1, 0, 0], [2, 4, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]])
    # Class 2 is nowhere; class 3 is predicted once and never true.
    np.testing.assert_allclose(overlap.iou(counts), [100 * 3 / 6, 100 * 4 / 8, np.nan, 0])
    np.testing.assert_allclose(overlap.dice(counts), [100 * 6 / 9, 100 * 8 / 12, np.nan, 0])
    np.testing.assert_allclose(overlap.recall(counts), [100 * 3 / 4, 100 * 4 / 7, np.nan, np.nan])
    np.testing.assert_allclose(overlap.precision(counts), [60, 80, np.nan, 0])
    np.testing.assert_allclose(overlap.f_score(counts), [100 * 6 / 9, 100 * 8 / 12, np.nan, np.nan])
    assert overlap.overall_accuracy(counts) == pytest.approx(100 * 7 / 11)
    true, predicted = overlap.present(counts)
    assert true.tolist() == [True, True, False, False]
    assert predicted.tolist() == [True, True, False, True]
    assert overlap.absent(counts).tolist() == [False, False, True, False]


def test_a_mean_is_over_defined_values_only():
    assert overlap.mean_of_defined(np.array([10.0, np.nan, 20.0])) == 15
    assert np.isnan(overlap.mean_of_defined(np.array([np.nan, np.nan])))


def test_without_any_pixel_nothing_is_defined():
    empty = np.zeros((3, 3), np.int64)
    assert np.isnan(overlap.overall_accuracy(empty))
    assert overlap.absent(empty).all()
    for score in SCORES:
        assert np.isnan(score(empty)).all()


@given(matrices)
def test_scores_are_per_cent(counts):
    for score in SCORES:
        values = score(counts)
        values = values[~np.isnan(values)]
        assert np.all((values >= 0) & (values <= 100 + 1e-9))


@given(matrices)
def test_swapping_truth_and_prediction_keeps_the_overlap_and_swaps_the_rest(counts):
    np.testing.assert_array_equal(overlap.iou(counts.T), overlap.iou(counts))
    np.testing.assert_array_equal(overlap.dice(counts.T), overlap.dice(counts))
    np.testing.assert_array_equal(overlap.recall(counts.T), overlap.precision(counts))


@given(matrices)
def test_dice_follows_from_iou(counts):
    iou = overlap.iou(counts) / 100
    np.testing.assert_allclose(overlap.dice(counts), 200 * iou / (1 + iou), rtol=1e-9)


@given(matrices, st.permutations(range(4)))
def test_renumbering_classes_only_reorders(counts, order):
    for score in SCORES:
        np.testing.assert_array_equal(score(counts[np.ix_(order, order)]), score(counts)[order])
