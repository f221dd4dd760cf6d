"""Plans: the graph of stages that a scheduler writes for a split, and what its scores mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ssl_seg.core.stage import EvaluateStage, LabelStage, Stage, TrainStage
from ssl_seg.core.views import View

ScoredList: TypeAlias = Literal["test", "reference", "validation"]
"""The case lists that scores are of."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the report: which score of which model an evaluate stage writes.

    Attributes:
        generation: the round of the model.
        model: ``single``, ``fold-i``, ``model-i`` (one of several that are of no fold), ``mean``
            (the generation's models or labels together) or ``final``.
        cases: ``test``, ``reference`` or ``validation``: the list that is scored.
        fold: the fold of R that is scored or that the model belongs to.
        stages: fingerprints of the evaluate stages; the mean over them is the line's score.
        scored: number of cases that the score is of.
        of: number of cases that the models predicted; more than ``scored`` where some cases of R
            have no true label.
    """

    generation: int
    model: str
    cases: ScoredList
    fold: int | None
    stages: tuple[str, ...]
    scored: int
    of: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one scheduler does with one split.

    Attributes:
        label: what the report calls the experiment, without its seed.
        scheduler: its config.
        seed: the run's seed.
        stages: by fingerprint; each after the stages that it builds on.
        rows: the lines of the report.
        models: fingerprints of the train stages whose networks are the result, by view; that of
            images has the view ``None``.
        labels: fingerprints of the label stages that hold the final pseudo labels of R.
        folds: case ids of each fold of R, by the number of folds that it was divided into.
        notes: what a reader of the plan should know.
        labeled_pixels: pixels of each class in S, by label space in which R is labeled.
    """

    label: str
    scheduler: Mapping[str, Any]
    seed: int
    stages: Mapping[str, Stage]
    rows: tuple[Row, ...]
    models: Mapping[View | None, str]
    labels: tuple[str, ...]
    folds: Mapping[int, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    labeled_pixels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the run in work dir and report."""
        return f"{self.label}-seed{self.seed}"

    @property
    def trainings(self) -> tuple[TrainStage, ...]:
        """All train stages, in order."""
        return tuple(stage for stage in self.stages.values() if isinstance(stage, TrainStage))

    @property
    def labelings(self) -> tuple[LabelStage, ...]:
        """All label stages, in order."""
        return tuple(stage for stage in self.stages.values() if isinstance(stage, LabelStage))

    @property
    def evaluations(self) -> tuple[EvaluateStage, ...]:
        """All evaluate stages, in order."""
        return tuple(stage for stage in self.stages.values() if isinstance(stage, EvaluateStage))

    @property
    def calibrations(self) -> tuple[str, ...]:
        """Fingerprints of the label stages that only tell how far others are to be trusted."""
        sources = (source for stage in self.trainings for source in stage.sources)
        found = (source.calibration for source in sources if source.calibration is not None)
        return tuple(dict.fromkeys(name for one in found for name in one.written_by))

    def record(self) -> dict[str, Any]:
        """Return what the report needs to know of the plan, as plain data."""
        return {
            "name": self.name,
            "label": self.label,
            "scheduler": dict(self.scheduler),
            "seed": self.seed,
            "stages": [
                {
                    "fingerprint": name,
                    "kind": stage.kind,
                    "title": stage.title,
                    "size": stage.size,
                    "inputs": list(stage.inputs),
                    "model": _model(stage),
                }
                for name, stage in self.stages.items()
            ],
            "rows": [
                {
                    "generation": row.generation,
                    "model": row.model,
                    "set": row.cases,
                    "fold": row.fold,
                    "stages": list(row.stages),
                    "scored": row.scored,
                    "of": row.of,
                }
                for row in self.rows
            ],
            "models": [{"view": view, "stage": name} for view, name in self.models.items()],
            "labels": list(self.labels),
            "calibrations": list(self.calibrations),
            "notes": list(self.notes),
            "labeled_pixels": [
                {"space": space, "pixels": dict(pixels)}
                for space, pixels in self.labeled_pixels.items()
            ],
        }


def _model(stage: Stage) -> list[str | int | None] | None:
    """Return role, generation and fold of the model that a stage trains, or trains a part of."""
    return list(stage.identity) if isinstance(stage, TrainStage) else None


def merge_stages(plans: Iterable[Plan]) -> dict[str, Stage]:
    """Unite the stages of several plans; a stage that plans have in common stands once."""
    return {name: stage for plan in plans for name, stage in plan.stages.items()}
