"""Confusion matrices: how many pixels of each true class were given each class."""

from __future__ import annotations

from typing import Literal, NoReturn

import cv2
import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.errors import UserError
from ssl_seg.metrics.metric import LabelMap

# OpenCV counts in float32, which holds whole numbers exactly up to 2**24. Far less than that finds
# the parts of a volume that hold nothing but background, which need no histogram.
_CHUNK_PIXELS = 2**20


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
    # Pairs may be counted in any order, so what lies in memory as columns is not copied into rows.
    order: Literal["F", "C"] = "F" if truth.flags.f_contiguous else "C"
    true, predicted = truth.ravel(order), prediction.ravel(order)
    counts = np.zeros((classes, classes), np.int64)
    for start in range(0, truth.size, _CHUNK_PIXELS):
        chunk = slice(start, start + _CHUNK_PIXELS)
        counted = _count(true[chunk], predicted[chunk], classes)
        # What lies out of range is not counted: the ignored pixels, and any wrong value.
        left_out = true[chunk].size - counted.sum()
        if left_out and left_out != np.count_nonzero(true[chunk] == ignore):
            _refuse(prediction, truth, classes, ignore)
        counts += counted
    return counts


def _count(true: LabelMap, predicted: LabelMap, classes: int) -> NDArray[np.int64]:
    """Count the pairs (C, C) of two rows of pixels, but for those with a value from C on."""
    row, column = int(true.min()), int(predicted.min())
    if row == true.max() and column == predicted.max():
        counts = np.zeros((classes, classes), np.int64)
        counts[row : row + 1, column : column + 1] = true.size
        return counts
    ranges = [0.0, float(classes)]
    counted = cv2.calcHist(
        [true[None], predicted[None]], [0, 1], None, [classes, classes], [*ranges, *ranges]
    )
    return counted.reshape(classes, classes).astype(np.int64)


def _check(prediction: LabelMap, truth: LabelMap, classes: int, ignore: int) -> None:
    if prediction.dtype != np.uint8 or truth.dtype != np.uint8:
        raise ValueError(f"expected uint8 masks, got {prediction.dtype} and {truth.dtype}")
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
    raise UserError(
        f"the {name} holds {values[:8]} at scored pixels; class numbers go from 0 to {classes - 1}"
    )
