"""Generation 0, which all semi-supervised schedules share."""

from __future__ import annotations

from ssl_seg.core.builder import Labels, Model, PlanBuilder
from ssl_seg.core.errors import UserError


def first_labels(b: PlanBuilder, *, goes_on: bool = False) -> tuple[Model | None, Labels]:
    """Train the initial model on S and label all of R with it (Algorithm 1, line 1).

    One train and one label stage, equal for every schedule, so a benchmark runs them once. In a
    curriculum an earlier phase may give the model, or its labels of R, or both.

    Args:
        b: the builder.
        goes_on: whether the schedule's students go on from the weights of the model.

    Raises:
        ValueError: an earlier phase gives model and labels, but students start from scratch, so the
            model would have no effect.
    """
    given = b.given
    if given.labels is not None:
        if given.model is not None and not goes_on:
            raise UserError(
                "start='previous' has no effect where pseudo_labels='previous' and students start "
                "from scratch; use start='own', or SelfLearning"
            )
        return given.model, given.labels
    model = given.model or b.train(b.truth, role="initial")
    labels = b.label(model, b.reference)
    b.score(0, [model], labels)
    return model, labels


def check_generations(generations: int) -> int:
    """Return the number of rounds after the initial model.

    Raises:
        ValueError: it is not a whole number of at least 1.
    """
    if isinstance(generations, bool) or not isinstance(generations, int) or generations < 1:
        raise UserError(f"generations must be a whole number of at least 1, got {generations!r}")
    return generations
