"""Confusion matrices: how many pixels of each true class were given each class."""

from __future__ import annotations

from typing import NoReturn

import cv2
import numpy as np
from numpy.typing import NDArray

from ssl_seg.metrics.metric import LabelMap

# OpenCV counts in float32, which holds whole numbers exactly up to here.
_EXACT_PIXELS = 2**24


def confusion_matrix(
    prediction: LabelMap, truth: LabelMap, classes: int, ignore: int
) -> NDArray[np.int64]:
    """Count pairs of true and predicted class numbers, exactly.

    Args:
        prediction: class numbers in [0, classes), uint8 of any shape; may hold anything where the
            truth is ``ignore``.
        truth: class numbers in [0, classes) or ``ignore``, uint8 of the same shape.
        classes: number of classes C.
        ignore: value of pixels that are not scored, at least C.

    Returns:
        Counts (C, C): rows are true classes, columns predicted ones.

    Raises:
        ValueError: a scored pixel holds a value outside its range, or shape, type or ``ignore``
            are not as above.

    >>> truth = np.array([[0, 1, 1, 255]], np.uint8)
    >>> confusion_matrix(np.array([[0, 1, 0, 7]], np.uint8), truth, classes=2, ignore=255)
    array([[1, 0],
           [1, 1]])
    """
    _check(prediction, truth, classes, ignore)
    pairs = [np.ascontiguousarray(labels).reshape(1, -1) for labels in (truth, prediction)]
    counts = np.zeros((classes, classes), np.int64)
    for start in range(0, truth.size, _EXACT_PIXELS):
        chunk = [flat[:, start : start + _EXACT_PIXELS] for flat in pairs]
        counts += _histogram(chunk, classes)
    # The histogram drops what lies out of range: the ignored pixels, and any wrong value.
    if counts.sum() != np.count_nonzero(truth != ignore):
        _refuse(prediction, truth, classes, ignore)
    return counts


def _histogram(pairs: list[LabelMap], classes: int) -> NDArray[np.int64]:
    counts = cv2.calcHist(
        pairs, [0, 1], None, [classes, classes], [0.0, float(classes), 0.0, float(classes)]
    )
    return counts.reshape(classes, classes).astype(np.int64)


def _check(prediction: LabelMap, truth: LabelMap, classes: int, ignore: int) -> None:
    if prediction.dtype != np.uint8 or truth.dtype != np.uint8:
        raise ValueError(f"expected uint8 label maps, got {prediction.dtype} and {truth.dtype}")
    if prediction.shape != truth.shape:
        raise ValueError(
            f"the prediction has shape {prediction.shape}, the truth {truth.shape}; "
            "they must be the same"
        )
    if ignore < classes:
        raise ValueError(f"the ignore value {ignore} is the number of one of {classes} classes")


def _refuse(prediction: LabelMap, truth: LabelMap, classes: int, ignore: int) -> NoReturn:
    scored = truth != ignore
    found = {
        name: sorted({int(value) for value in np.unique(labels[scored]) if value >= classes})
        for name, labels in (("prediction", prediction), ("truth", truth))
    }
    name, values = next((name, values) for name, values in found.items() if values)
    raise ValueError(
        f"the {name} holds {values[:8]} at scored pixels; class numbers go from 0 to {classes - 1}"
    )
