"""What is not defined is written as null, not as a number."""

from __future__ import annotations

import json

import numpy as np

from ssl_seg.metrics.plain import by_class, known


def test_nan_alone_becomes_none():
    assert known(float("nan")) is None
    assert (known(0.0), known(33.3)) == (0.0, 33.3)


def test_values_are_listed_by_class_then_name():
    scores = {"IoU": np.array([50.0, np.nan]), "Dice": np.array([75.0, 0.0])}
    listed = by_class(("road", "car"), scores)
    assert json.loads(json.dumps(listed, allow_nan=False)) == {
        "road": {"IoU": 50, "Dice": 75},
        "car": {"IoU": None, "Dice": 0},
    }
