"""The laws that every plan obeys; each is checked where a stage would break it."""

from __future__ import annotations

from collections.abc import Sequence

from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.planning.handles import Labeler


def require_unseen(labeler: Labeler, cases: Sequence[Case]) -> None:
    """Refuse cases that a model, or an ancestor by initialisation, was trained on.

    Raises:
        UserError: a model has seen one of the cases.
    """
    for model in labeler.members:
        if seen := [case for case in cases if case.image.path in model.seen]:
            raise UserError(
                f"{model.identity.title} was trained on {len(seen)} of the {len(cases)} cases that "
                f"it should label unseen, e.g. {seen[0].id!r}"
            )


def require_blind(labeler: Labeler) -> None:
    """Refuse models that know R's true labels: theirs would be no pseudo labels.

    Raises:
        UserError: a model, or an ancestor by initialisation, learned R's true labels.
    """
    for model in labeler.members:
        if model.knows_hidden:
            raise UserError(
                f"{model.identity.title} learned R's true labels (upper_bound), so it may label no "
                "reference case for a semi-supervised student"
            )
