"""Generation 0, which all semi-supervised schedules share."""

from __future__ import annotations

from ssl_seg.core.errors import UserError
from ssl_seg.planning import Labels, Model, PlanBuilder


def first_labels(b: PlanBuilder, *, goes_on: bool = False) -> tuple[Model | None, Labels]:
    """Train the initial model on S and label all of R with it (Algorithm 1, line 1).

    One train and one label stage, equal for every schedule, so a benchmark runs them once. In a
    curriculum the model, its labels of R, or both may be taken over from an earlier phase.

    Args:
        b: the builder.
        goes_on: whether the schedule's students go on from the weights of the model.

    Raises:
        UserError: model and labels are taken over, but students start from scratch, so the model
            would have no effect.
    """
    earlier = b.taken_over
    if earlier.labels is not None:
        if earlier.model is not None and not goes_on:
            raise UserError(
                "start='previous' has no effect where pseudo_labels='previous' and students start "
                "from scratch; use start='own', or SelfLearning"
            )
        return earlier.model, earlier.labels
    model = earlier.model or b.train(b.truth, role="initial")
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
