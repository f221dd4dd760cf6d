"""Scores as plain JSON data, in which what is not defined is ``None``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan

from ssl_seg.metrics.overlap import PerClass


def known(value: float) -> float | None:
    """Write NaN as JSON can: ``None``."""
    return None if isnan(value) else value


def by_class(
    classes: Sequence[str], scores: Mapping[str, PerClass]
) -> dict[str, dict[str, float | None]]:
    """Return scores by class name and score name, of values (C,) by score name."""
    return {
        label: {name: known(float(of[number])) for name, of in scores.items()}
        for number, label in enumerate(classes)
    }
