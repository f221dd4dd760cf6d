"""How many pixels each class has, and which classes pseudo labels have lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ssl_seg.core.case import Case
from ssl_seg.core.space import LabelValues

TIMES_RARER = 100
"""A class has vanished where its share is more than this many times smaller than in the truth."""


def class_pixels(cases: Iterable[Case], values: LabelValues) -> tuple[int, ...]:
    """Add up the pixels of each class in the true labels of some cases.

    Args:
        cases: those without a label count nothing.
        values: how the label files are read.

    Returns:
        (C,) pixels by class number; ignored ones are left out.
    """
    found: Counter[int] = Counter()
    for case in cases:
        for value, count in () if case.label is None else case.label.pixels:
            found[value] += count
    pixels = [0] * len(values.space)
    for value, number in values.table:
        if number != values.space.ignore:
            pixels[number] += found[value]
    return tuple(pixels)


def vanished(pseudo: Sequence[int], labeled: Sequence[int]) -> tuple[int, ...]:
    """Return the classes that pseudo labels have lost.

    Self-training feeds on its own labels: a class that a teacher hardly ever predicts is learned
    less by its student, until none is left. These are the classes that the labeled set has, but
    whose share of the pseudo-labeled pixels is less than 1 / `TIMES_RARER` of their share in the
    labeled set, or nothing at all. Two data sets, or the few labeled cases and the rest, may well
    differ tenfold in a rare class, so only a larger difference says something of the labels.

    Args:
        pseudo: (C,) pixels by class number in the pseudo labels.
        labeled: (C,) pixels by class number in the labeled set.

    Returns:
        Class numbers, ascending; none where either side has no pixels.
    """
    all_pseudo, all_labeled = sum(pseudo), sum(labeled)
    # Whole numbers put a class that lies on the limit itself on the same side everywhere.
    return tuple(
        number
        for number, (left, known) in enumerate(zip(pseudo, labeled, strict=True))
        if left * TIMES_RARER * all_labeled < known * all_pseudo
    )
