"""How far pseudo labels are to be trusted: models label parts of S that they have not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.core.model_id import ModelId
from ssl_seg.core.space import LabelValues
from ssl_seg.core.split import fold_reference
from ssl_seg.core.stage import Calibration
from ssl_seg.planning import laws
from ssl_seg.planning.draft import Draft
from ssl_seg.planning.handles import LabeledPart, Labels, Lesson, Truth
from ssl_seg.planning.labeling import write_labels
from ssl_seg.planning.networks import ModelWriter
from ssl_seg.planning.stage_configs import ConfigSource


def calibrated(draft: Draft, lessons: Sequence[Lesson]) -> tuple[Lesson, ...]:
    """Return lessons whose pseudo labels say what tells how far they are to be trusted.

    They stay as they are where no training of the plan asks for it.

    Raises:
        UserError: S cannot tell it: it has too few cases, or labels of a coarser space.
    """
    return tuple(
        Labels(tuple(_with_calibration(draft, part) for part in lesson.parts))
        if isinstance(lesson, Labels)
        else lesson
        for lesson in lessons
    )


def _with_calibration(draft: Draft, part: LabeledPart) -> LabeledPart:
    configs = part.writer.members[0].configs
    if configs.calibration_parts is None:
        return part
    name = configs.space.name
    if name not in draft.calibrations:
        draft.calibrations[name] = _cross_fitted(draft, configs, configs.calibration_parts)
    return replace(part, calibration=draft.calibrations[name])


def _cross_fitted(draft: Draft, configs: ConfigSource, count: int) -> Calibration:
    """Write the models that learn from S without one part each, and their labels of it."""
    labeled, values = draft.split.labeled, _values(configs)
    written = []
    for index, part in enumerate(_parts(draft, count)):
        left_out = {case.id for case in part}
        rest = tuple(case for case in labeled if case.id not in left_out)
        identity = ModelId("initial", 0, index)
        model = ModelWriter(draft, configs, identity, (Truth(rest, "labeled"),)).write(None)
        laws.require_unseen(model, part)
        written.append(write_labels(draft, model, part, "labeled"))
    return Calibration(
        written_by=tuple(written),
        cases=labeled,
        values=values,
        max_side=configs.evaluate().max_side,
    )


def _values(configs: ConfigSource) -> LabelValues:
    """Return how S's labels are read into the models' space."""
    truth = configs.values("labeled")
    values, reduction = configs.mappings.align(truth, configs.space, "the labels of S")
    if reduction is not None:
        raise UserError(
            f"pseudo_labels.calibrated: the label space {truth.space.name!r} of S is coarser than "
            f"{configs.space.name!r} of the models, so S cannot tell how often their classes are "
            "right; use threshold or class_balanced"
        )
    return values


def _parts(draft: Draft, count: int) -> tuple[tuple[Case, ...], ...]:
    labeled = draft.split.labeled
    if len(labeled) < count:
        raise UserError(
            f"pseudo_labels.calibrated: S has {len(labeled)} case(s), which cannot be divided into "
            f"calibration_parts={count}; lower calibration_parts, or use threshold"
        )
    made = fold_reference(labeled, count, draft.seed)
    if not made.whole_groups:
        draft.notes.append(
            f"S has {len({case.group for case in labeled})} group(s), fewer than twice the {count} "
            "calibration_parts: these may part a group, so labels may look surer than they are"
        )
    return made.parts
