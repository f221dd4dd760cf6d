"""Generation 0, which all semi-supervised schedules share."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from ssl_seg.core.errors import UserError
from ssl_seg.planning import Labels, Model, PlanBuilder

Initial: TypeAlias = Literal["supervised", "method"]
"""What models of generation 0 learn from: S alone, or R without labels as well."""


def first_labels(
    b: PlanBuilder, *, goes_on: bool = False, initial: Initial = "supervised"
) -> tuple[Model | None, Labels]:
    """Train the initial model on S and label all of R with it (Algorithm 1, line 1).

    One train and one label stage, equal for every schedule, so a benchmark runs them once. In a
    curriculum the model, its labels of R, or both may be taken over from an earlier phase.

    Args:
        b: the builder.
        goes_on: whether the schedule's students go on from the weights of the model.
        initial: ``method``: the initial model also learns from all of R without labels.

    Raises:
        UserError: model and labels are taken over, but students start from scratch, so the model
            would have no effect; or ``initial`` is ``method`` where it has none.
    """
    if initial == "method":
        require_unlabeled(b)
    earlier = b.taken_over
    if earlier.labels is not None:
        if earlier.model is not None and not goes_on:
            raise UserError(
                "start='previous' has no effect where pseudo_labels='previous' and students start "
                "from scratch; use start='own', or SelfLearning"
            )
        return earlier.model, earlier.labels
    unlabeled = (b.unlabeled(b.reference),) if initial == "method" else ()
    model = earlier.model or b.train(b.truth, *unlabeled, role="initial")
    labels = b.label(model, b.reference)
    b.score(0, [model], labels)
    return model, labels


def check_generations(generations: int) -> int:
    """Return the number of rounds after the initial model.

    Raises:
        UserError: it is not a whole number of at least 1.
    """
    if isinstance(generations, bool) or not isinstance(generations, int) or generations < 1:
        raise UserError(f"generations must be a whole number of at least 1, got {generations!r}")
    return generations


def check_initial(initial: Any) -> Initial:
    """Return what models of generation 0 learn from.

    Raises:
        UserError: it is neither ``supervised`` nor ``method``.
    """
    if initial == "supervised" or initial == "method":
        return initial
    raise UserError(f"initial must be 'supervised' or 'method', got {initial!r}")


def require_unlabeled(b: PlanBuilder) -> None:
    """Check that models of generation 0 can learn from R without labels.

    Raises:
        UserError: the config's ``batch`` has no unlabeled samples, or an earlier phase hands on
            what generation 0 would make.
    """
    if b.taken_over.model is not None or b.taken_over.labels is not None:
        raise UserError(
            "initial='method' has no effect where the phase before hands on its model or labels; "
            "leave it out"
        )
    if not b.learns_unlabeled("initial"):
        raise UserError(
            "initial='method' lets generation 0 learn from R without labels, but batch has no "
            "unlabeled samples; name a method that learns from them and say how many are in a "
            "batch, such as batch=dict(labeled=4, pseudo=4, unlabeled=8), or leave initial out"
        )
