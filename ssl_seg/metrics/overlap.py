"""Overlap scores of a confusion matrix (C, C) with true classes in rows: mmsegmentation's numbers.

All are per cent, in [0, 100], as float64. What a class has no denominator for is NaN: IoU and Dice
of a class that is absent from truth and prediction, recall of one absent from the truth, precision
of one that is never predicted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
PerClass = NDArray[np.float64]


def iou(confusion: Counts) -> PerClass:
    """Return intersection over union per class (C,)."""
    hit, true, predicted = _areas(confusion)
    return _per_cent(hit, true + predicted - hit)


def dice(confusion: Counts) -> PerClass:
    """Return twice the intersection over the sum of both areas per class (C,)."""
    hit, true, predicted = _areas(confusion)
    return _per_cent(2 * hit, true + predicted)


def recall(confusion: Counts) -> PerClass:
    """Return the share of each class's true pixels that were found (C,); "Acc" in tables."""
    hit, true, _ = _areas(confusion)
    return _per_cent(hit, true)


def precision(confusion: Counts) -> PerClass:
    """Return the share of each class's predicted pixels that are right (C,)."""
    hit, _, predicted = _areas(confusion)
    return _per_cent(hit, predicted)


def f_score(confusion: Counts) -> PerClass:
    """Return the harmonic mean of precision and recall per class (C,).

    It equals `dice` where a pixel of the class was found, and is NaN elsewhere.
    """
    p, r = precision(confusion), recall(confusion)
    return np.divide(2 * p * r, p + r, out=np.full_like(p, np.nan), where=p + r > 0)


def overall_accuracy(confusion: Counts) -> float:
    """Return the share of all scored pixels that are right; NaN without any."""
    return float(_per_cent(np.trace(confusion), confusion.sum()))


def mean_of_defined(values: PerClass) -> float:
    """Return the mean over classes that have a value; NaN if none has."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")


def present(confusion: Counts) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which classes (C,) occur in the truth, and which in the prediction."""
    _, true, predicted = _areas(confusion)
    return true > 0, predicted > 0


def absent(confusion: Counts) -> NDArray[np.bool_]:
    """Return which classes (C,) occur neither in the truth nor in the prediction."""
    true, predicted = present(confusion)
    return ~(true | predicted)


def _areas(confusion: Counts) -> tuple[Counts, Counts, Counts]:
    """Return the pixels (C,) of each class that were found, are true, and were predicted."""
    return np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0)


def _per_cent(part: Counts, whole: Counts) -> PerClass:
    undefined = np.full(np.shape(whole), np.nan)
    return np.divide(100.0 * part, whole, out=undefined, where=np.asarray(whole) > 0)
