"""Generation 0, which all semi-supervised schedules share."""

from __future__ import annotations

from ssl_seg.core.builder import Labels, Model, PlanBuilder


def first_labels(b: PlanBuilder) -> tuple[Model, Labels]:
    """Train the initial model on S and label all of R with it (Algorithm 1, line 1).

    One train and one label stage, equal for every schedule, so a benchmark runs them once.
    """
    model = b.train(b.truth, role="initial")
    labels = b.label(model, b.reference)
    b.score(0, [model], labels)
    return model, labels


def check_generations(generations: int) -> int:
    """Return the number of rounds after the initial model.

    Raises:
        ValueError: it is not a whole number of at least 1.
    """
    if isinstance(generations, bool) or not isinstance(generations, int) or generations < 1:
        raise ValueError(f"generations must be a whole number of at least 1, got {generations!r}")
    return generations
