"""From a labeler and cases to one label stage."""

from __future__ import annotations

from collections.abc import Sequence

from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.core.split import CaseList
from ssl_seg.core.stage import LabelStage, Teacher
from ssl_seg.core.stage_config import LabelConfig
from ssl_seg.planning.draft import Draft
from ssl_seg.planning.handles import Labeler


def write_labels(draft: Draft, labeler: Labeler, cases: Sequence[Case], case_list: CaseList) -> str:
    """Write the stage in which a model, or several as one, label cases; return its fingerprint.

    Args:
        draft: where it is written.
        labeler: whose probabilities are averaged.
        cases: whose labels, if there are any, stay hidden.
        case_list: that the cases are of.

    Raises:
        UserError: the models of an ensemble are configured differently.
    """
    configs = labeler.members[0].configs
    watched = draft.pixels_of_labeled(configs) if case_list == "reference" else None
    return draft.add(
        LabelStage(
            teachers=tuple(Teacher(model.identity, model.networks) for model in labeler.members),
            cases=tuple(case.without_label() for case in cases),
            space=labeler.space,
            pipeline=configs.label_pipeline(case_list),
            config=_config(labeler, case_list),
            labeled_pixels=watched,
        )
    )


def _config(labeler: Labeler, case_list: CaseList) -> LabelConfig:
    """Return what the config says to all members alike: one stage builds them by one config."""
    first, *others = labeler.members
    config = first.configs.label(case_list, first.identity.role)
    for model in others:
        if model.configs.label(case_list, model.identity.role) != config:
            raise UserError(
                f"{first.identity.title} and {model.identity.title} cannot label together: their "
                "roles' overlays configure them differently"
            )
    return config
