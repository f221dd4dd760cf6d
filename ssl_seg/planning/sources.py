"""From what a model learns to the sources of its train stages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ssl_seg.core.space import LabelValues
from ssl_seg.core.stage import Source
from ssl_seg.planning.handles import LabeledPart, Labels, Lesson, Truth, Unlabeled
from ssl_seg.planning.stage_configs import ConfigSource, TrainingPart


def sources_of(
    lessons: Sequence[Lesson], configs: ConfigSource, part: TrainingPart
) -> tuple[Source, ...]:
    """Return the sources of one train stage; handles without cases leave none.

    Labels of a finer space than the models' are mapped to it; those of a coarser one guide the
    model through the sums of its probabilities.

    Raises:
        UserError: no class mapping leads from the labels' space to the models', or back.
    """
    found = (source for lesson in lessons for source in _sources(lesson, configs, part))
    return tuple(source for source in found if source.cases)


def _sources(lesson: Lesson, configs: ConfigSource, part: TrainingPart) -> Iterator[Source]:
    if isinstance(lesson, Truth):
        yield _true(lesson, configs, part)
    elif isinstance(lesson, Unlabeled):
        yield _unlabeled(lesson, configs, part)
    else:
        yield from (_pseudo(labeled, configs, part) for labeled in lesson.parts)


def _true(truth: Truth, configs: ConfigSource, part: TrainingPart) -> Source:
    what = f"the {truth.case_list} cases' true labels"
    values, reduction = configs.mappings.align(configs.values(truth.case_list), configs.space, what)
    return Source(
        kind="labeled",
        cases=truth.cases,
        values=values,
        reduction=reduction,
        pipeline=configs.train_pipeline(truth.case_list, part),
    )


def _pseudo(labeled: LabeledPart, configs: ConfigSource, part: TrainingPart) -> Source:
    writer = labeled.writer
    what = "the pseudo labels of " + " and ".join(m.identity.title for m in writer.members)
    values, reduction = configs.mappings.align(
        LabelValues.identity(writer.space), configs.space, what
    )
    return Source(
        kind="pseudo",
        cases=labeled.cases,
        values=values,
        reduction=reduction,
        pipeline=configs.train_pipeline("reference", part),
        written_by=labeled.stage,
        calibration=labeled.calibration,
    )


def _unlabeled(unlabeled: Unlabeled, configs: ConfigSource, part: TrainingPart) -> Source:
    return Source(
        kind="unlabeled",
        cases=unlabeled.cases,
        # No label is read: the space only says how large pictures are cut and padded.
        values=LabelValues.identity(configs.space),
        pipeline=configs.unlabeled_pipeline(part),
    )


def lessons_with_unlabeled(lessons: Sequence[Lesson], *, wanted: bool) -> tuple[Lesson, ...]:
    """Return lessons with the unlabeled cases that a model learns from, in one lesson, or without.

    These are the cases whose pseudo labels it learns from, which it sees anyway, and those that
    were named.

    Args:
        lessons: what the scheduler gives.
        wanted: whether the model learns from unlabeled cases at all.
    """
    others = tuple(lesson for lesson in lessons if not isinstance(lesson, Unlabeled))
    if not wanted:
        return others
    cases = (c.without_label() for le in lessons if not isinstance(le, Truth) for c in le.cases)
    if unlabeled := tuple(dict.fromkeys(cases)):
        return (*others, Unlabeled(unlabeled))
    return others


def learns_pseudo(lessons: Sequence[Lesson]) -> bool:
    """Tell whether any of the labels was written by a model."""
    return any(isinstance(lesson, Labels) for lesson in lessons)
