"""Supervised learning: the baseline, and with R's true labels the upper bound."""

from __future__ import annotations

from typing import ClassVar, final

from ssl_seg.planning import HandedOn, PlanBuilder, Result
from ssl_seg.registry import SCHEDULERS


@SCHEDULERS.register_module()
@final
class Supervised:
    """Train once, on the labeled set; a method that learns from unlabeled cases gets R too.

    With S from another data set than E this is direct transfer. Where R is not empty it is labeled
    once, which gives the score of the labels that every semi-supervised schedule starts from.

    Args:
        upper_bound: also learn from R's true labels, which every other schedule must never see.
    """

    takes_over: ClassVar[frozenset[HandedOn]] = frozenset()

    def __init__(self, *, upper_bound: bool = False) -> None:
        self.upper_bound = upper_bound

    def plan(self, b: PlanBuilder) -> Result:
        """Write the plan; see the class."""
        if self.upper_bound:
            model = b.train(b.truth, b.hidden_truth, role="initial")
            b.score(0, [model])
            return Result(model)
        unlabeled = (b.unlabeled(b.reference),) if b.has_reference else ()
        model = b.train(b.truth, *unlabeled, role="initial")
        labels = b.label(model, b.reference) if b.has_reference else None
        b.score(0, [model], labels)
        return Result(model, labels)
