"""STSO: synchronous teacher-student optimization; each student starts from scratch."""

from __future__ import annotations

from typing import ClassVar, final

from ssl_seg.planning import HandedOn, PlanBuilder, Result
from ssl_seg.registry import SCHEDULERS
from ssl_seg.schedulers.first_labels import check_generations, first_labels


@SCHEDULERS.register_module()
@final
class STSO:
    """Self-learning with the first of the paper's two changes (section 3).

    Every student starts from the same scratch weights, so that it does not inherit its teacher's
    errors with its teacher's weights.

    Args:
        generations: rounds after the initial model, at least 1.
    """

    takes_over: ClassVar[frozenset[HandedOn]] = frozenset({"model", "labels"})

    def __init__(self, *, generations: int = 4) -> None:
        self.generations = check_generations(generations)

    def plan(self, b: PlanBuilder) -> Result:
        """Write the plan; see the class."""
        _, labels = first_labels(b)
        for generation in range(1, self.generations + 1):
            model = b.train(b.truth, labels, role="student", generation=generation)
            labels = b.label(model, b.reference)
            b.score(generation, [model], labels)
        return Result(model, labels)
