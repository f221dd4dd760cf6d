"""What a scheduler asks for models, labels and scores; see ``docs/add_a_scheduler.md``.

Handles go in and out; stages are written down; nothing runs. The laws that every plan must obey are
kept here: no model labels held-out cases that it has seen, and no stage but a score knows the true
labels of reference or test cases.
"""

from ssl_seg.planning.builder import PlanBuilder
from ssl_seg.planning.handles import (
    Ensemble,
    Fold,
    Labels,
    Model,
    Result,
    TakenOver,
    Truth,
    Unlabeled,
)
from ssl_seg.planning.scheduler import HandedOn, Scheduler, takes_over

__all__ = [
    "Ensemble",
    "Fold",
    "HandedOn",
    "Labels",
    "Model",
    "PlanBuilder",
    "Result",
    "Scheduler",
    "TakenOver",
    "Truth",
    "Unlabeled",
    "takes_over",
]
