"""Self-learning: each student starts from its teacher's weights."""

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
class SelfLearning:
    """The continual baseline of the ATSO paper (section 2.2).

    The student goes on from its teacher on the teacher's own labels of all of R. It easily repeats
    its teacher's errors, which the paper calls lazy learning.

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
        teacher, labels = first_labels(b, goes_on=True, initial=self.initial)
        for generation in range(1, self.generations + 1):
            model = b.train(b.truth, labels, role="student", generation=generation, start=teacher)
            labels = b.label(model, b.reference)
            b.score(generation, [model], labels)
            teacher = model
        return Result(model, labels)
