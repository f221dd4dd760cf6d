"""What a scheduler is: an algorithm that asks a plan builder for models and labels."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Protocol, TypeAlias

from ssl_seg.planning.builder import PlanBuilder
from ssl_seg.planning.handles import Result

HandedOn: TypeAlias = Literal["model", "labels"]
"""What one phase of a curriculum can hand on to the next one."""


class Scheduler(Protocol):
    """A pure function from a split to a plan.

    Attributes:
        takes_over: what it can take over from an earlier phase of a curriculum, by
            ``PlanBuilder.taken_over``; a class that does not say so takes nothing over.
    """

    takes_over: ClassVar[frozenset[HandedOn]]

    def plan(self, b: PlanBuilder) -> Result:
        """Write models, labels and scores down; return what the schedule ends with."""
        ...


def takes_over(scheduler: Any) -> frozenset[HandedOn]:
    """Return what a scheduler says that it takes over from an earlier phase."""
    declared: frozenset[HandedOn] = getattr(scheduler, "takes_over", frozenset())
    return declared
