"""Handles: what a scheduler gets from the plan builder and passes on to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.core.model_id import ModelId
from ssl_seg.core.space import LabelSpace
from ssl_seg.core.split import CaseList
from ssl_seg.core.stage import Calibration
from ssl_seg.core.views import View
from ssl_seg.planning.stage_configs import ConfigSource


@dataclass(frozen=True)
class Fold:
    """One part of R; ``index`` counts from 0."""

    index: int
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Model:
    """Handle of a model that the plan trains.

    Attributes:
        identity: role, generation and fold.
        networks: fingerprints of the train stages that end its networks' training, by view; that of
            images has the view ``None``.
        seen: image files that it, or an ancestor by initialisation, was trained on, with labels or
            without.
        knows_hidden: whether it, or an ancestor by initialisation, learned R's true labels.
        configs: what it was trained by, which its label stages need too.
    """

    identity: ModelId
    networks: Mapping[View | None, str]
    seen: frozenset[str]
    knows_hidden: bool
    configs: ConfigSource = field(compare=False, repr=False)

    @property
    def space(self) -> LabelSpace:
        """What it predicts."""
        return self.configs.space

    @property
    def members(self) -> tuple[Model, ...]:
        """The models whose probabilities are averaged: itself alone."""
        return (self,)


@dataclass(frozen=True)
class Ensemble:
    """Handle of several models that label together, by the mean of their probabilities.

    Raises:
        UserError: there is no member, or one stands twice, or they predict different label spaces.
    """

    members: tuple[Model, ...]

    def __post_init__(self) -> None:
        if not self.members:
            raise UserError("an ensemble needs at least one model, got none")
        titles = [model.identity.title for model in self.members]
        if any(model in self.members[:at] for at, model in enumerate(self.members)):
            raise UserError(f"an ensemble needs different models, got {'; '.join(titles)}")
        if len(spaces := {model.space.name for model in self.members}) > 1:
            raise UserError(
                "the models of an ensemble must predict one label space, got "
                f"{', '.join(sorted(spaces))} ({'; '.join(titles)})"
            )

    @property
    def space(self) -> LabelSpace:
        """What they predict."""
        return self.members[0].space


Labeler: TypeAlias = Model | Ensemble
"""Whoever labels cases: one model or several together."""


@dataclass(frozen=True)
class Truth:
    """Handle of true labels: of S, or by explicit request of R."""

    cases: tuple[Case, ...]
    case_list: CaseList


@dataclass(frozen=True)
class Unlabeled:
    """Handle of cases that a method learns from without labels."""

    cases: tuple[Case, ...]


@dataclass(frozen=True)
class LabeledPart:
    """Cases that were labeled in one stage.

    Attributes:
        stage: fingerprint of the label stage.
        cases: those of its cases that are meant.
        writer: who labeled them.
        fold: index of the fold of R that it labeled; ``None`` where it labeled none as such.
        calibration: what tells how far they are to be trusted, where a training may ask.
    """

    stage: str
    cases: tuple[Case, ...]
    writer: Labeler
    fold: int | None = None
    calibration: Calibration | None = None


@dataclass(frozen=True)
class Labels:
    """Handle of pseudo labels: which label stage wrote which cases' masks."""

    parts: tuple[LabeledPart, ...]

    @property
    def cases(self) -> tuple[Case, ...]:
        """Cases that have a label, part by part."""
        return tuple(case for part in self.parts for case in part.cases)

    @property
    def not_held_out(self) -> tuple[Case, ...]:
        """Cases whose labels were written by a model that was trained on them."""
        return tuple(
            case
            for part in self.parts
            for case in part.cases
            if any(case.image.path in model.seen for model in part.writer.members)
        )

    def inside(self, fold: Fold) -> Labels:
        """Return the labels of a fold's cases."""
        return self._keep(fold, inside=True)

    def outside(self, fold: Fold) -> Labels:
        """Return the labels of all cases but a fold's."""
        return self._keep(fold, inside=False)

    def _keep(self, fold: Fold, *, inside: bool) -> Labels:
        paths = {case.image.path for case in fold.cases}
        parts = (
            replace(
                part,
                cases=tuple(case for case in part.cases if (case.image.path in paths) is inside),
            )
            for part in self.parts
        )
        # A train stage must not depend on a label stage that it takes no case of.
        return Labels(tuple(part for part in parts if part.cases))


Lesson: TypeAlias = Truth | Labels | Unlabeled
"""What a model can learn from."""


@dataclass(frozen=True)
class Result:
    """What a schedule ends with: a model and, where R was labeled, R's pseudo labels."""

    model: Model
    labels: Labels | None = None


@dataclass(frozen=True)
class TakenOver:
    """What a schedule takes over from an earlier phase; nothing outside a curriculum."""

    model: Model | None = None
    labels: Labels | None = None
