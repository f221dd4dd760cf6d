"""Stages: the units of work of a plan, each one frozen value with one artifact.

A stage's fingerprint names its artifact. It covers everything that may change a bit of the result
(configuration, contents of the files that the stage opens, the stages it builds on, seeds) and
nothing else: no path, no time, no device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from ssl_seg.core.case import Case
from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.errors import UserError
from ssl_seg.core.model_id import ModelId, Role
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.stage_config import ConfigPart, EvaluateConfig, LabelConfig, TrainConfig
from ssl_seg.core.stage_fingerprint import NOT_HASHED, stage_fingerprint
from ssl_seg.core.views import View

SourceKind: TypeAlias = Literal["labeled", "pseudo", "unlabeled"]

Augmentation: TypeAlias = Literal["weak", "strong"]
"""How a copy of a sample is changed: by the pipeline alone, or by the strong transforms too."""

MODEL_FILE = "model.pth"
"""Name of the weights in a train stage's artifact."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Labels of S by models that had not seen them, to be compared with S's true masks.

    They tell how often such models are right where they are so and so sure.

    Attributes:
        written_by: fingerprints of the label stages that together cover the cases.
        cases: of S, with their label files.
        values: how these are read into the space of the labels.
        max_side: longest side in pixels that pictures are compared at; ``None``: their own.
    """

    written_by: tuple[str, ...]
    cases: tuple[Case, ...]
    values: LabelValues
    max_side: int | None


@dataclass(frozen=True, kw_only=True)
class Source:
    """One list of samples that a train stage learns from.

    Attributes:
        kind: ``labeled`` (true labels), ``pseudo`` (labels that a label stage wrote) or
            ``unlabeled`` (none are read).
        cases: the cases; only those of a labeled source carry label files.
        values: how to read the label files, or the stored pseudo labels; of unlabeled cases the
            space of the model.
        pipeline: the transforms of this source's samples.
        written_by: fingerprint of the label stage, for pseudo labels.
        reduction: how the model's classes become those of ``values.space``, where that is coarser
            than the space that the model predicts; ``None`` where both are the same.
        calibration: what tells how far pseudo labels are to be trusted; ``None``: nothing does.
    """

    kind: SourceKind
    cases: tuple[Case, ...]
    values: LabelValues
    pipeline: tuple[ConfigPart, ...]
    written_by: str | None = None
    reduction: ClassMapping | None = None
    calibration: Calibration | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Fingerprints of the label stages whose artifacts it is read from."""
        own = () if self.written_by is None else (self.written_by,)
        return own if self.calibration is None else (*own, *self.calibration.written_by)


@dataclass(frozen=True, kw_only=True)
class TrainStage:
    """Train one network; the artifact is its weights.

    A model is one network, or one for each view of volumes; each may be trained in sections, one
    stage after another.

    Attributes:
        role: what the model is trained for.
        generation: the round it belongs to; 0 is the initial model.
        fold: the fold it trains or labels for, counted from 0; ``None`` without folds.
        view: along which volumes are cut into the slices that it learns from; ``None`` for images.
        section: name of the part of the training; ``None`` where it has no parts.
        space: what it predicts.
        sources: what it learns from.
        start: fingerprint of the train stage whose weights it starts from; ``None`` is scratch.
        redraw: whether the network draws anew what a start point does not hand on, as RSTN does
            with its saliency transformation.
        config: its part of the config.
        seed: of sample order, augmentation and dropout.
        scratch_seed: of the weights that every model of a run starts from.
    """

    role: Role
    generation: int
    fold: int | None
    space: LabelSpace
    sources: tuple[Source, ...]
    start: str | None
    config: TrainConfig
    seed: int
    scratch_seed: int
    view: View | None = None
    section: str | None = None
    redraw: bool = False
    kind: Literal["train"] = "train"

    @cached_property
    def fingerprint(self) -> str:
        """Name of the artifact."""
        return stage_fingerprint(self)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Fingerprints of the stages whose artifacts this one opens."""
        start = () if self.start is None else (self.start,)
        read = (name for source in self.sources for name in source.inputs)
        return tuple(dict.fromkeys((*start, *read)))

    @property
    def reductions(self) -> dict[str, ClassMapping]:
        """How the model's classes become those of coarser sources, by name of their space."""
        return {
            source.values.space.name: source.reduction
            for source in self.sources
            if source.reduction is not None
        }

    @property
    def size(self) -> int:
        """Amount of work: training iterations."""
        return self.config.max_iters

    @property
    def title(self) -> str:
        """Short name for people."""
        section = self.section and f"section {self.section}"
        parts = (f"train {self.identity.title}", self.view, section)
        return ", ".join(part for part in parts if part)

    @property
    def identity(self) -> ModelId:
        """Of the model that it trains, or a part of it."""
        return ModelId(self.role, self.generation, self.fold)


@dataclass(frozen=True)
class Teacher:
    """One of the models that label together.

    Attributes:
        identity: its role, generation and fold, for people.
        networks: fingerprints of the train stages whose networks label, by view; that of images has
            the view ``None``.
    """

    identity: ModelId = field(metadata=NOT_HASHED)
    networks: Mapping[View | None, str]


@dataclass(frozen=True, kw_only=True)
class LabelStage:
    """Label cases; the artifact is one mask per case and a manifest.

    Attributes:
        teachers: the models that label, by the mean of their probabilities.
        cases: what to label, without true labels.
        space: the label space that the teachers predict.
        pipeline: the transforms of the images, without any that reads labels.
        config: its part of the config.
        labeled_pixels: pixels of each class in the labeled set, against which pseudo labels are
            watched; ``None`` where they are not.
    """

    teachers: tuple[Teacher, ...]
    cases: tuple[Case, ...]
    space: LabelSpace
    pipeline: tuple[ConfigPart, ...]
    config: LabelConfig
    labeled_pixels: tuple[int, ...] | None = field(default=None, metadata=NOT_HASHED)
    kind: Literal["label"] = "label"

    def __post_init__(self) -> None:
        if any(case.label is not None for case in self.cases):
            raise ValueError("a label stage must not know true labels; use Case.without_label()")

    @cached_property
    def fingerprint(self) -> str:
        """Name of the artifact."""
        return stage_fingerprint(self)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Fingerprints of the stages whose artifacts this one opens."""
        return tuple(name for teacher in self.teachers for name in teacher.networks.values())

    @property
    def size(self) -> int:
        """Amount of work: cases."""
        return len(self.cases)

    @property
    def title(self) -> str:
        """Short name for people."""
        by = " and ".join(teacher.identity.title for teacher in self.teachers)
        return f"label {len(self.cases)} cases by {by}"


@dataclass(frozen=True, kw_only=True)
class EvaluateStage:
    """Compare stored masks with true labels; the artifact is scores.

    Attributes:
        predictions: fingerprints of the label stages that together cover the cases.
        cases: what to score, with true labels.
        values: how to read the true labels into the space that is scored.
        config: its part of the config: the metrics.
        reduction: how predicted classes become those of ``values.space``, where that is coarser;
            ``None`` where both are the same.
    """

    predictions: tuple[str, ...]
    cases: tuple[Case, ...]
    values: LabelValues
    config: EvaluateConfig
    reduction: ClassMapping | None = None
    kind: Literal["evaluate"] = "evaluate"

    def __post_init__(self) -> None:
        if missing := [case.id for case in self.cases if case.label is None]:
            raise ValueError(f"cases without true labels cannot be scored: {missing[:5]}")
        if self.reduction is not None and self.reduction.ignored:
            raise UserError(
                f"class mapping {self.reduction.name!r}: the predicted classes "
                f"{', '.join(self.reduction.ignored)} have no place in {self.values.space.name!r}, "
                "the space of the true labels, so predictions of them cannot be scored; use a "
                "mapping that places each class"
            )

    @cached_property
    def fingerprint(self) -> str:
        """Name of the artifact."""
        return stage_fingerprint(self)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Fingerprints of the stages whose artifacts this one opens."""
        return self.predictions

    @property
    def size(self) -> int:
        """Amount of work: cases."""
        return len(self.cases)

    @property
    def predicted(self) -> LabelValues:
        """How stored masks are read into the space that is scored."""
        if self.reduction is None:
            return LabelValues.identity(self.values.space)
        return self.reduction.applied_to(LabelValues.identity(self.reduction.source))

    @property
    def title(self) -> str:
        """Short name for people."""
        return f"evaluate {len(self.cases)} cases"


Stage: TypeAlias = TrainStage | LabelStage | EvaluateStage
