"""STSO: synchronous teacher-student optimization; each student starts from scratch."""

from __future__ import annotations

from typing import ClassVar, final

from ssl_seg.planning import HandedOn, PlanBuilder, Result
from ssl_seg.registry import SCHEDULERS
from ssl_seg.schedulers.first_labels import (
    Initial,
    check_generations,
    check_initial,
    first_labels,
)


@SCHEDULERS.register_module()
@final
class STSO:
    """Self-learning with the first of the paper's two changes (section 3).

    Every student starts from the same scratch weights, so that it does not inherit its teacher's
    errors with its teacher's weights.

    Args:
        generations: rounds after the initial model, at least 1.
        initial: ``supervised``: the initial model learns from S; ``method``: also from all of R
            without labels, by the config's method.
    """

    takes_over: ClassVar[frozenset[HandedOn]] = frozenset({"model", "labels"})

    def __init__(self, *, generations: int = 4, initial: Initial = "supervised") -> None:
        self.generations = check_generations(generations)
        self.initial = check_initial(initial)

    def plan(self, b: PlanBuilder) -> Result:
        """Write the plan; see the class.

        Raises:
            UserError: ``initial`` is ``method`` where it has no effect.
        """
        _, labels = first_labels(b, initial=self.initial)
        for generation in range(1, self.generations + 1):
            model = b.train(b.truth, labels, role="student", generation=generation)
            labels = b.label(model, b.reference)
            b.score(generation, [model], labels)
        return Result(model, labels)
