"""Dice and IoU of single cases, and of all cases together."""

from __future__ import annotations

from typing import Any, final

from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace
from ssl_seg.metrics import overlap
from ssl_seg.metrics.case_scores import CaseScores
from ssl_seg.metrics.confusion import confusion_matrix
from ssl_seg.metrics.metric import Sample
from ssl_seg.metrics.plain import by_class, known
from ssl_seg.registry import METRICS, suggestion

_AVERAGES = ("case", "global")
_SCORES = {"DSC": overlap.dice, "IoU": overlap.iou}


@METRICS.register_module()
@final
class DiceMetric:
    """Dice (DSC) and IoU in per cent, averaged over cases and of all cases as one.

    ``case DSC`` is the mean of the Dice of each case: every case counts the same. ``global DSC``
    is twice the intersections of all cases over the sum of all areas: every voxel counts the same,
    so large organs weigh more. The names with ``m`` are means over the classes but the background.

    A case in which a class is neither true nor predicted has no Dice for it and is left out of the
    class's mean; one in which it is only true or only predicted has 0. A class that is in no case
    is absent, and left out of the mean over classes. ``presence`` states how many cases each was.

    Args:
        space: the label space of predictions and truth.
        first: which average is the main one, ``case`` or ``global``; both are stated.
        background: number of the class that is not scored; ``None`` scores all.
    """

    def __init__(
        self, space: LabelSpace, *, first: str = "case", background: int | None = 0
    ) -> None:
        if first not in _AVERAGES:
            raise UserError(
                f"first: no average is named {first!r}" + suggestion(str(first), _AVERAGES)
            )
        self._space = space
        self._first = first
        self._cases = CaseScores(space, background, tuple(_SCORES))

    def add(self, sample: Sample) -> None:
        """Count the pixels of one case.

        Raises:
            UserError: a map holds a value outside the label space, or the case was there before.
        """
        confusion = confusion_matrix(
            sample.prediction, sample.truth, len(self._space), self._space.ignore
        )
        scores = {name: function(confusion) for name, function in _SCORES.items()}
        self._cases.add(sample.case, confusion, scores)

    def scores(self) -> dict[str, Any]:
        """Return the scores of all cases so far.

        Returns:
            ``metrics`` and ``classes`` (per cent; all ``None`` for the background), ``first`` (the
            name of the main one of the metrics), and ``absent``, ``presence`` and ``by_case`` as
            `CaseScores.plain` states them. What is not defined is ``None``.
        """
        averages = {
            "case": self._cases.means(),
            "global": {
                name: self._cases.of_scored(function(self._cases.confusion))
                for name, function in _SCORES.items()
            },
        }
        return {
            "metrics": {
                f"{average} m{name}": known(overlap.mean_of_defined(values))
                for average, scores in averages.items()
                for name, values in scores.items()
            },
            "classes": by_class(
                self._space.classes,
                {
                    f"{average} {name}": values
                    for average, scores in averages.items()
                    for name, values in scores.items()
                },
            ),
            "first": f"{self._first} mDSC",
            **self._cases.plain(),
        }
