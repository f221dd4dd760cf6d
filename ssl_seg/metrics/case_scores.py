"""Scores of single cases by class, and their means over cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace
from ssl_seg.metrics import overlap
from ssl_seg.metrics.overlap import Counts, PerClass
from ssl_seg.metrics.plain import known


class CaseScores:
    """Keeps a few numbers per case and class.

    Args:
        space: the label space of predictions and truth.
        background: number of the class that is not scored; ``None`` if all are.
        names: what the scores of a case are called.

    Attributes:
        scored: which classes (C,) are scored.
        confusion: pixels (C, C) of all cases so far, rows truth.

    Raises:
        UserError: there is no such class, or no other one.
    """

    def __init__(self, space: LabelSpace, background: int | None, names: Sequence[str]) -> None:
        _check_background(space, background)
        self.scored: NDArray[np.bool_] = np.arange(len(space)) != background
        self.confusion = np.zeros((len(space), len(space)), np.int64)
        self._classes = space.classes
        self._names = tuple(names)
        self._cases: dict[str, Mapping[str, PerClass]] = {}
        self._presence = {
            name: np.zeros(len(space), np.int64)
            for name in ("both", "missed", "spurious", "neither")
        }

    def add(self, case: str, confusion: Counts, scores: Mapping[str, PerClass]) -> None:
        """Take the scores of one case.

        Args:
            case: its id.
            confusion: its pixels (C, C), rows truth.
            scores: values (C,) by name; NaN where a score is not defined.

        Raises:
            ValueError: the case was there before.
        """
        if case in self._cases:
            raise ValueError(f"case {case!r} is scored twice; a mean counts each case once")
        self._cases[case] = scores
        self.confusion += confusion
        true, predicted = overlap.present(confusion)
        self._presence["both"] += true & predicted
        self._presence["missed"] += true & ~predicted
        self._presence["spurious"] += predicted & ~true
        self._presence["neither"] += ~(true | predicted)

    def means(self) -> dict[str, PerClass]:
        """Return each score's mean (C,) over the cases in which it is defined, NaN without any."""
        numbers = range(len(self._classes))
        return {
            name: self.of_scored(np.array([self._mean(name, number) for number in numbers]))
            for name in self._names
        }

    def of_scored(self, values: PerClass) -> PerClass:
        """Return values (C,) with NaN for the background."""
        return np.where(self.scored, values, np.nan)

    def presence(self, name: str) -> PerClass:
        """Return in how many cases each class (C,) occurs in which of both maps.

        Args:
            name: ``both``, ``missed`` (in the truth alone), ``spurious`` (in the prediction alone)
                or ``neither``.

        Returns:
            Whole numbers; NaN for the background, and for all as long as there is no case.
        """
        counted = self._presence[name].astype(np.float64)
        return self.of_scored(counted if self._cases else np.full_like(counted, np.nan))

    def plain(self) -> dict[str, Any]:
        """Return what metrics of single cases state beside means, as plain JSON data.

        Returns:
            ``absent`` (names of classes in neither truth nor prediction of any case), ``presence``
            (by class, the number of cases by `presence`) and ``by_case`` (by case, class and name,
            ``None`` where not defined); the latter two without the background.
        """
        scored = [(int(n), self._classes[n]) for n in np.flatnonzero(self.scored)]
        return {
            "absent": [self._classes[n] for n in np.flatnonzero(overlap.absent(self.confusion))],
            "presence": {
                label: {name: int(of[number]) for name, of in self._presence.items()}
                for number, label in scored
            },
            "by_case": {
                case: {
                    label: {name: known(float(scores[name][number])) for name in self._names}
                    for number, label in scored
                }
                for case, scores in self._cases.items()
            },
        }

    def _mean(self, name: str, number: int) -> float:
        values = [float(scores[name][number]) for scores in self._cases.values()]
        defined = [value for value in values if not isnan(value)]
        # Its sum is exact, so the order of cases does not matter.
        return fmean(defined) if defined else float("nan")


def _check_background(space: LabelSpace, background: int | None) -> None:
    numbers = range(len(space))
    if background is None:
        return
    if type(background) is not int or background not in numbers:
        raise UserError(
            f"background: expected None or the number of a class of label space {space.name!r} "
            f"(0 to {numbers[-1]}), got {background!r}"
        )
    if len(space) == 1:
        raise UserError(
            f"background: class {background} is the only one of label space {space.name!r}, so "
            "none is left to score; use background=None"
        )
