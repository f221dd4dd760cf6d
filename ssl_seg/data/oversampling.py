"""Class-balanced sampling: cases that hold rare classes come more often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from math import ceil, sqrt

from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.core.stage import Source
from ssl_seg.data.pseudo_labels import PseudoLabels


def repeat_counts(classes_per_case: Sequence[Collection[int]], threshold: float) -> list[int]:
    """Return how often each case is to stand in one pass, at least once.

    The rule of Gupta, Dollár and Girshick, "LVIS" (CVPR 2019), as mmengine's
    ``ClassBalancedDataset`` rounds it: with f(c) the share of cases that hold class c, a case
    stands as often as the largest ``max(1, sqrt(threshold / f(c)))`` of its classes, rounded up.

    Args:
        classes_per_case: the distinct classes that each case holds; there may be none.
        threshold: share of the cases, in (0, 1], below which a class is rare.
    """
    holders = Counter(held for classes in classes_per_case for held in classes)
    total = len(classes_per_case)
    factors = {held: sqrt(threshold / (count / total)) for held, count in holders.items()}
    return [ceil(max([1.0, *(factors[held] for held in classes)])) for classes in classes_per_case]


def held_classes(source: Source, pseudo: PseudoLabels | None) -> list[frozenset[int]]:
    """Return the class numbers that the labels of each case hold, ignored ones left out.

    Unlabeled cases hold none that are known. Thresholds of pseudo labels are not applied: what
    counts is the map as it was written.

    Args:
        source: whose cases are asked about.
        pseudo: its pseudo labels; ``None`` for true labels.

    Raises:
        UserError: a case has no true label, or its data set did not count the label's pixels.
    """
    numbers = dict(source.values.table)
    if source.kind == "unlabeled":
        return [frozenset() for _ in source.cases]
    if pseudo is None:
        found = [_true_values(case) for case in source.cases]
    else:
        by_case = pseudo.held_values()
        found = [by_case[case.id] for case in source.cases]
    return [
        frozenset(numbers[value] for value in values) - {source.values.space.ignore}
        for values in found
    ]


def _true_values(case: Case) -> list[int]:
    if case.label is None or not case.label.pixels:
        raise UserError(
            f"oversample: expected to know which values the true label of case {case.id!r} holds, "
            "but its data set states none; let it give a LabelFile with pixels, or set "
            "oversample=None"
        )
    return [value for value, _ in case.label.pixels]
