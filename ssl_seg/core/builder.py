"""The plan builder: what a scheduler asks for models, labels and scores.

It hands out handles and writes down stages; nothing runs. It also keeps the laws that every plan
must obey: no model labels held-out cases that it has seen, and no stage but a score knows the true
labels of reference or test cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ssl_seg.core.case import Case
from ssl_seg.core.fingerprint import derive_seed
from ssl_seg.core.plan import Plan, Row
from ssl_seg.core.space import LabelValues
from ssl_seg.core.split import Folds, Split, fold_reference
from ssl_seg.core.stage import (
    EvaluateStage,
    LabelStage,
    Recipe,
    Role,
    Source,
    Stage,
    TrainStage,
    model_title,
)


class Recipes(Protocol):
    """Where the builder finds each stage's part of the config.

    ``values`` and the pipelines are asked by list name: ``labeled``, ``reference``, ``test`` or
    ``validation``. Recipes are hashed, settings are not.
    """

    def train(self, role: Role, *, pseudo_labels: bool) -> tuple[Recipe, Recipe]:
        """Return recipe and settings of a train stage that learns from pseudo labels or not."""
        ...

    def label(self, cases: str, role: Role) -> tuple[Recipe, Recipe]:
        """Return recipe and settings of a label stage whose model has the given role."""
        ...

    def evaluate(self) -> Recipe:
        """Return the recipe of an evaluate stage."""
        ...

    def train_pipeline(self, cases: str, role: Role) -> tuple[Recipe, ...]:
        """Return the transforms of training samples."""
        ...

    def label_pipeline(self, cases: str) -> tuple[Recipe, ...]:
        """Return the transforms of images to be labeled."""
        ...

    def values(self, cases: str) -> LabelValues:
        """Return how true labels are read."""
        ...

    def predicted(self) -> LabelValues:
        """Return the space that models predict, with its numbers as they are."""
        ...


@dataclass(frozen=True)
class Fold:
    """One part of R; ``index`` counts from 0."""

    index: int
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Model:
    """Handle of a model that the plan trains.

    Attributes:
        stage: fingerprint of its train stage.
        identity: role, generation and fold.
        seen: image files that it, or an ancestor by initialisation, was trained on.
    """

    stage: str
    identity: tuple[Role, int, int | None]
    seen: frozenset[str]


@dataclass(frozen=True)
class Truth:
    """Handle of true labels: of S, or by explicit request of R."""

    cases: tuple[Case, ...]
    home: str


@dataclass(frozen=True)
class Labels:
    """Handle of pseudo labels: which label stage wrote which cases' maps."""

    parts: tuple[tuple[str, tuple[Case, ...]], ...]

    def inside(self, fold: Fold) -> Labels:
        """Return the labels of a fold's cases."""
        return self._keep({case.image.path for case in fold.cases}, inside=True)

    def outside(self, fold: Fold) -> Labels:
        """Return the labels of all cases but a fold's."""
        return self._keep({case.image.path for case in fold.cases}, inside=False)

    def _keep(self, paths: set[str], *, inside: bool) -> Labels:
        parts = (
            (stage, tuple(case for case in cases if (case.image.path in paths) is inside))
            for stage, cases in self.parts
        )
        return Labels(tuple((stage, cases) for stage, cases in parts if cases))


@dataclass(frozen=True)
class Result:
    """What a schedule ends with: a model and, where R was labeled, R's pseudo labels."""

    model: Model
    labels: Labels | None = None


class PlanBuilder:
    """Writes the plan of one schedule on one split.

    Args:
        split: the case lists.
        recipes: each stage's part of the config.
        seed: of the run: start weights, sample order, folds.
    """

    def __init__(self, split: Split, recipes: Recipes, seed: int) -> None:
        self._split = split
        self._recipes = recipes
        self._seed = seed
        self._stages: dict[str, Stage] = {}
        self._rows: list[Row] = []
        self._notes: list[str] = []
        self._folds: tuple[Fold, ...] = ()

    @property
    def truth(self) -> Truth:
        """The labeled set S with its true labels."""
        return Truth(self._split.labeled, "labeled")

    @property
    def hidden_truth(self) -> Truth:
        """R with its true labels: for an upper bound, never for semi-supervised learning.

        Raises:
            ValueError: a reference case has no true label.
        """
        cases = self.reference
        hidden = [case for case in self._split.reference if case.label is not None]
        if len(hidden) < len(cases):
            raise ValueError(
                f"the upper bound needs true labels of all {len(cases)} reference cases, "
                f"only {len(hidden)} have one"
            )
        return Truth(self._split.reference, "reference")

    @property
    def reference(self) -> tuple[Case, ...]:
        """The reference set R, without labels.

        Raises:
            ValueError: R is empty.
        """
        if not self._split.reference:
            raise ValueError(
                "the reference set R is empty, so there is nothing to label; lower split.labeled, "
                "name split.reference, or use the Supervised scheduler"
            )
        return tuple(case.without_label() for case in self._split.reference)

    @property
    def has_reference(self) -> bool:
        """Whether R holds any case."""
        return bool(self._split.reference)

    def folds(self, count: int) -> tuple[Fold, ...]:
        """Divide R into folds, by seed and in whole groups where there are enough."""
        folds: Folds = fold_reference(self.reference, count, self._seed)
        if not folds.whole_groups:
            groups = len({case.group for case in self.reference})
            self._notes.append(
                f"R has {groups} group(s), fewer than twice the {count} folds: the folds are "
                "contiguous blocks of the frame order and may part a group"
            )
        self._folds = tuple(Fold(index, part) for index, part in enumerate(folds.parts))
        return self._folds

    def train(
        self,
        *sources: Truth | Labels,
        role: Role,
        generation: int = 0,
        fold: Fold | None = None,
        start: Model | None = None,
    ) -> Model:
        """Train a model on the given labels; from scratch unless ``start`` is given."""
        identity = (role, generation, None if fold is None else fold.index)
        written = tuple(
            source for handle in sources for source in self._sources(handle, role) if source.cases
        )
        pseudo_labels = any(source.kind == "pseudo" for source in written)
        recipe, settings = self._recipes.train(role, pseudo_labels=pseudo_labels)
        stage = self._add(
            TrainStage(
                role=role,
                generation=generation,
                fold=identity[2],
                sources=written,
                start=None if start is None else start.stage,
                recipe=recipe,
                settings=settings,
                seed=derive_seed("train", self._seed, *identity),
                scratch_seed=derive_seed("scratch", self._seed),
            )
        )
        own = frozenset(case.image.path for source in written for case in source.cases)
        return Model(stage, identity, own if start is None else own | start.seen)

    def _sources(self, handle: Truth | Labels, role: Role) -> Iterable[Source]:
        if isinstance(handle, Truth):
            yield Source(
                kind="labeled",
                cases=handle.cases,
                values=self._recipes.values(handle.home),
                pipeline=self._recipes.train_pipeline(handle.home, role),
            )
            return
        for stage, cases in handle.parts:
            yield Source(
                kind="pseudo",
                cases=cases,
                values=self._recipes.predicted(),
                pipeline=self._recipes.train_pipeline("reference", role),
                written_by=stage,
            )

    def label(
        self, model: Model, cases: Fold | Sequence[Case], *, held_out: bool = False
    ) -> Labels:
        """Label reference cases with a model.

        Args:
            model: the teacher.
            cases: a fold, or reference cases.
            held_out: demand that the teacher has seen none of the cases.

        Raises:
            ValueError: ``held_out`` is demanded of a model that has seen one of the cases.
        """
        chosen = cases.cases if isinstance(cases, Fold) else tuple(cases)
        if held_out and (seen := [case for case in chosen if case.image.path in model.seen]):
            raise ValueError(
                f"{model_title(*model.identity)} was trained on {len(seen)} of the "
                f"{len(chosen)} cases that it should label unseen, e.g. {seen[0].id!r}"
            )
        return Labels(((self._label(model, chosen, "reference"), chosen),))

    def _label(self, model: Model, cases: Iterable[Case], home: str) -> str:
        recipe, settings = self._recipes.label(home, model.identity[0])
        return self._add(
            LabelStage(
                model=model.stage,
                teacher=model.identity,
                cases=tuple(case.without_label() for case in cases),
                space=self._recipes.predicted().space,
                pipeline=self._recipes.label_pipeline(home),
                recipe=recipe,
                settings=settings,
            )
        )

    @staticmethod
    def join(labels: Iterable[Labels]) -> Labels:
        """Unite labels of disjoint cases."""
        return Labels(tuple(part for item in labels for part in item.parts))

    def score(self, generation: int, models: Sequence[Model], labels: Labels | None = None) -> None:
        """Score a generation: its models on E and its pseudo labels on R where truth exists.

        Several models or parts of R also get a line for the generation as a whole: the mean of
        the models' scores on E, and the score of all of R's labels together.
        """
        for cases in ("test", "validation"):
            self._score_models(generation, models, cases)
        if labels is not None:
            self._score_labels(generation, labels)

    def _score_models(self, generation: int, models: Sequence[Model], home: Any) -> None:
        cases = self._split.lists()[home]
        if not cases:
            return
        stages = [
            self._evaluate((self._label(model, cases, home),), cases, home) for model in models
        ]
        for model, stage in zip(models, stages, strict=True):
            self._row(generation, _name(model, models), home, model.identity[2], stage)
        if len(stages) > 1:
            self._row(generation, "mean", home, None, *stages)

    def _score_labels(self, generation: int, labels: Labels) -> None:
        """Score pseudo labels, as far as true labels exist: by fold, and all of them together."""
        truth = {case.image.path: case for case in self._split.reference if case.label is not None}
        listed = (
            (stage, tuple(truth[c.image.path] for c in cases if c.image.path in truth))
            for stage, cases in labels.parts
        )
        known = [(stage, cases) for stage, cases in listed if cases]
        for stage, cases in known:
            evaluated = self._evaluate((stage,), cases, "reference")
            if len(labels.parts) == 1:
                self._row(generation, "single", "reference", None, evaluated)
            else:
                writer = self._stages[stage]
                assert isinstance(writer, LabelStage)  # noqa: S101 - only those write labels
                name = f"fold-{writer.teacher[2]}"
                self._row(generation, name, "reference", self._fold_of(cases[0]), evaluated)
        if len(known) > 1:
            joined = tuple(case for _, cases in known for case in cases)
            evaluated = self._evaluate(tuple(stage for stage, _ in known), joined, "reference")
            self._row(generation, "mean", "reference", None, evaluated)

    def _fold_of(self, case: Case) -> int | None:
        path = case.image.path
        folds = (fold.index for fold in self._folds if path in {c.image.path for c in fold.cases})
        return next(folds, None)

    def _row(self, generation: int, model: str, home: Any, fold: int | None, *stages: str) -> None:
        self._rows.append(
            Row(generation=generation, model=model, cases=home, fold=fold, stages=stages)
        )

    def _evaluate(self, predictions: tuple[str, ...], cases: tuple[Case, ...], home: str) -> str:
        return self._add(
            EvaluateStage(
                predictions=predictions,
                cases=cases,
                values=self._recipes.values(home),
                recipe=self._recipes.evaluate(),
            )
        )

    def _add(self, stage: Stage) -> str:
        self._stages.setdefault(stage.fingerprint, stage)
        return stage.fingerprint

    def finish(self, result: Result, *, label: str, scheduler: Mapping[str, Any]) -> Plan:
        """Score the result on E as ``final`` and return the plan."""
        generation = max((row.generation for row in self._rows), default=0)
        for home in ("test", "validation"):
            if cases := self._split.lists()[home]:
                labels = self._label(result.model, cases, home)
                self._row(generation, "final", home, None, self._evaluate((labels,), cases, home))
        return Plan(
            label=label,
            scheduler=scheduler,
            seed=self._seed,
            stages=dict(self._stages),
            rows=tuple(self._rows),
            model=result.model.stage,
            labels=() if result.labels is None else tuple(s for s, _ in result.labels.parts),
            folds=tuple(tuple(case.id for case in fold.cases) for fold in self._folds),
            notes=tuple(self._notes),
        )


def _name(model: Model, models: Sequence[Model]) -> str:
    return "single" if len(models) == 1 else f"fold-{model.identity[2]}"
