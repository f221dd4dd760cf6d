"""The plan builder: what a scheduler asks for models, labels and scores.

It hands out handles and writes down stages; nothing runs. It also keeps the laws that every plan
must obey: no model labels held-out cases that it has seen, and no stage but a score knows the true
labels of reference or test cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from ssl_seg.core.case import Case
from ssl_seg.core.class_mappings import ClassMappings
from ssl_seg.core.class_shares import class_pixels
from ssl_seg.core.errors import UserError
from ssl_seg.core.fingerprint import derive_seed
from ssl_seg.core.plan import Plan, Row
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.split import Folds, Split, fold_reference
from ssl_seg.core.stage import (
    EvaluateStage,
    LabelStage,
    Role,
    Source,
    Stage,
    TrainStage,
    model_title,
)
from ssl_seg.core.stage_config import ConfigPart, EvaluateConfig, LabelConfig, TrainConfig
from ssl_seg.core.views import View

Identity: TypeAlias = tuple[Role, int, int | None]
"""Role, generation and fold of a model."""

_UNEQUAL = 1.5
"""From which ratio of the largest fold to the smallest one on a reader is told."""


class Place(NamedTuple):
    """Which training of a plan a part of the config is for."""

    role: Role
    view: View | None
    section: str | None


class ConfigSource(Protocol):
    """Where the builder finds each stage's part of the config, for models of one label space.

    ``values`` and the pipelines are asked by list name: ``labeled``, ``reference``, ``test`` or
    ``validation``.
    """

    @property
    def space(self) -> LabelSpace:
        """What models predict."""
        ...

    @property
    def mappings(self) -> ClassMappings:
        """Which label spaces lead to which."""
        ...

    def in_space(self, name: str) -> ConfigSource:
        """Return the same for models that predict another label space."""
        ...

    @property
    def views(self) -> tuple[View | None, ...]:
        """The views of volumes that a model has a network for; ``(None,)`` for images."""
        ...

    @property
    def sections(self) -> tuple[str | None, ...]:
        """The parts that a training consists of, in order; ``(None,)`` where it has none."""
        ...

    @property
    def start_point(self) -> tuple[str | None, ...]:
        """The first of these sections, which are trained on S alone and hand on to students."""
        ...

    def train(self, place: Place, *, pseudo_labels: bool) -> TrainConfig:
        """Return the config of a train stage that learns from pseudo labels or not."""
        ...

    def label(self, cases: str, role: Role) -> LabelConfig:
        """Return the config of a label stage whose model has the given role."""
        ...

    def evaluate(self) -> EvaluateConfig:
        """Return the config of an evaluate stage."""
        ...

    def train_pipeline(self, cases: str, place: Place) -> tuple[ConfigPart, ...]:
        """Return the transforms of training samples."""
        ...

    def label_pipeline(self, cases: str) -> tuple[ConfigPart, ...]:
        """Return the transforms of images to be labeled."""
        ...

    def values(self, cases: str) -> LabelValues:
        """Return how true labels are read, in the space that their data set has."""
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
        stages: fingerprints of the train stages that end its networks' training, by view.
        identity: role, generation and fold.
        seen: image files that it, or an ancestor by initialisation, was trained on.
        knows_hidden: whether it, or an ancestor by initialisation, learned R's true labels.
        configs: what it was trained by, which its label stages need too.
    """

    stages: Mapping[View | None, str]
    identity: Identity
    seen: frozenset[str]
    knows_hidden: bool
    configs: ConfigSource = field(compare=False, repr=False)

    @property
    def space(self) -> LabelSpace:
        """What it predicts."""
        return self.configs.space


@dataclass(frozen=True)
class Truth:
    """Handle of true labels: of S, or by explicit request of R."""

    cases: tuple[Case, ...]
    home: str


@dataclass(frozen=True)
class LabeledPart:
    """Cases that one model labeled in one stage."""

    stage: str
    cases: tuple[Case, ...]
    writer: Model


@dataclass(frozen=True)
class Labels:
    """Handle of pseudo labels: which label stage wrote which cases' maps."""

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
            if case.image.path in part.writer.seen
        )

    def inside(self, fold: Fold) -> Labels:
        """Return the labels of a fold's cases."""
        return self._keep({case.image.path for case in fold.cases}, inside=True)

    def outside(self, fold: Fold) -> Labels:
        """Return the labels of all cases but a fold's."""
        return self._keep({case.image.path for case in fold.cases}, inside=False)

    def _keep(self, paths: set[str], *, inside: bool) -> Labels:
        parts = (
            LabeledPart(
                part.stage,
                tuple(case for case in part.cases if (case.image.path in paths) is inside),
                part.writer,
            )
            for part in self.parts
        )
        return Labels(tuple(part for part in parts if part.cases))


@dataclass(frozen=True)
class Result:
    """What a schedule ends with: a model and, where R was labeled, R's pseudo labels."""

    model: Model
    labels: Labels | None = None


@dataclass(frozen=True)
class Given:
    """What a schedule takes over from an earlier phase; nothing outside a curriculum."""

    model: Model | None = None
    labels: Labels | None = None


class PlanBuilder:
    """Writes the plan of one schedule on one split.

    Args:
        split: the case lists.
        configs: each stage's part of the config.
        seed: of the run: start weights, sample order, folds.
        notes: what a reader of the plan should know of the split.
    """

    def __init__(
        self, split: Split, configs: ConfigSource, seed: int, notes: Iterable[str] = ()
    ) -> None:
        self._split = split
        self._configs = configs
        self._seed = seed
        self._given = Given()
        self._student_role: Role = "student"
        self._earlier_generations = 0
        # Phases write into these together.
        self._stages: dict[str, Stage] = {}
        self._rows: list[Row] = []
        self._notes = list(notes)
        self._folds: dict[int, tuple[Fold, ...]] = {}
        self._labeled_pixels: dict[str, dict[str, int]] = {}
        self._taken: list[Given] = []

    @property
    def given(self) -> Given:
        """What an earlier phase hands on; a schedule that never asks cannot follow one."""
        self._taken.append(self._given)
        return self._given

    def phase(
        self, *, space: str | None, given: Given, role: Literal["student", "guided", "tuning"]
    ) -> PlanBuilder:
        """Return the builder of one phase of a curriculum, which writes into the same plan.

        Generations count on from those of earlier phases.

        Args:
            space: label space of the phase's models; ``None`` is that of the whole experiment.
            given: what the phase takes over.
            role: what its students are called.

        Raises:
            ValueError: there is no such space, or the given model predicts another one.
        """
        made = copy(self)
        made._configs = self._configs if space is None else self._configs.in_space(space)
        made._given = given
        made._student_role = role
        if given.model is not None and given.model.space.classes != made._configs.space.classes:
            raise UserError(
                f"start='previous': the phase before ends with a model of label space "
                f"{given.model.space.name!r} ({len(given.model.space)} classes), whose weights do "
                f"not fit {made._configs.space.name!r} ({len(made._configs.space)} classes); "
                "start='own' starts from scratch"
            )
        last = max((row.generation for row in self._rows), default=None)
        if last is not None:
            # A phase that takes labels over has no generation 0 of its own.
            made._earlier_generations = last if given.labels is not None else last + 1
        return made

    def has_taken(self, given: Given) -> bool:
        """Whether a schedule asked for what it was given."""
        return any(taken is given for taken in self._taken)

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
            raise UserError(
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
            raise UserError(
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
        sizes = sorted(map(len, folds.parts), reverse=True)
        if folds.whole_groups and sizes[0] > _UNEQUAL * sizes[-1]:
            self._notes.append(
                f"whole groups make the {count} folds of R very unequal: "
                f"{', '.join(map(str, sizes))} cases"
            )
        # The latest division comes last; the same count is the same one in every phase.
        self._folds.pop(count, None)
        self._folds[count] = tuple(Fold(index, part) for index, part in enumerate(folds.parts))
        return self._folds[count]

    def train(
        self,
        *sources: Truth | Labels,
        role: Role,
        generation: int = 0,
        fold: Fold | None = None,
        start: Model | None = None,
    ) -> Model:
        """Train a model on the given labels; from scratch unless ``start`` is given.

        Labels of a finer space than the model's are mapped to it; those of a coarser one guide the
        model through the sums of its probabilities.

        Raises:
            ValueError: no class mapping leads from the labels' space to the model's, or back.
        """
        identity: Identity = (
            self._student_role if role == "student" else role,
            self._earlier_generations + generation,
            None if fold is None else fold.index,
        )
        stages = {
            view: self._train_sections(
                identity, view, sources, None if start is None else start.stages[view]
            )
            for view in self._configs.views
        }
        learned = (*sources, self.truth) if start is None and self._configs.start_point else sources
        own = frozenset(case.image.path for handle in learned for case in handle.cases)
        seen = own if start is None else own | start.seen
        hidden = any(isinstance(part, Truth) and part.home == "reference" for part in sources)
        knows_hidden = hidden or (start is not None and start.knows_hidden)
        return Model(stages, identity, seen, knows_hidden, self._configs)

    def _train_sections(
        self,
        identity: Identity,
        view: View | None,
        handles: Sequence[Truth | Labels],
        start: str | None,
    ) -> str:
        """Write the stages of one network, one for each section, and return the last one.

        What starts from a model goes on with the sections after the start point. From scratch means
        from the start point: the first sections, trained on S. Only what learns more true labels
        than those of S, an upper bound, has sections of its own from the first one.
        """
        first, rest = self._configs.start_point, self._configs.sections
        pseudo_labels = any(isinstance(handle, Labels) for handle in handles)
        more_truth = not pseudo_labels and tuple(handles) != (self.truth,)
        if not first or (start is None and more_truth):
            return self._train_chain(identity, view, handles, start, rest)
        redraw = start is None and pseudo_labels
        if start is None:
            start = self._train_chain(("initial", 0, None), view, [self.truth], None, first)
        return self._train_chain(identity, view, handles, start, rest[len(first) :], redraw=redraw)

    def _train_chain(
        self,
        identity: Identity,
        view: View | None,
        handles: Sequence[Truth | Labels],
        start: str | None,
        sections: Iterable[str | None],
        *,
        redraw: bool = False,
    ) -> str:
        role, generation, fold = identity
        for section in sections:
            place = Place(role, view, section)
            sources = tuple(
                source
                for handle in handles
                for source in self._sources(handle, place)
                if source.cases
            )
            pseudo_labels = any(source.kind == "pseudo" for source in sources)
            part = [name for name in (view, section) if name is not None]
            stage = TrainStage(
                role=role,
                generation=generation,
                fold=fold,
                view=view,
                section=section,
                space=self._configs.space,
                sources=sources,
                start=start,
                redraw=redraw,
                config=self._configs.train(place, pseudo_labels=pseudo_labels),
                seed=derive_seed("train", self._seed, *identity, *part),
                scratch_seed=derive_seed("scratch", self._seed),
            )
            start, redraw = self._add(stage), False
        assert start is not None  # noqa: S101 - there is always a section
        return start

    def _sources(self, handle: Truth | Labels, place: Place) -> Iterable[Source]:
        if isinstance(handle, Truth):
            yield self._source(
                kind="labeled",
                cases=handle.cases,
                values=self._configs.values(handle.home),
                pipeline=self._configs.train_pipeline(handle.home, place),
                what=f"the {handle.home} cases' true labels",
            )
            return
        for part in handle.parts:
            yield self._source(
                kind="pseudo",
                cases=part.cases,
                values=LabelValues.identity(part.writer.space),
                pipeline=self._configs.train_pipeline("reference", place),
                written_by=part.stage,
                what=f"the pseudo labels of {model_title(*part.writer.identity)}",
            )

    def _source(self, *, values: LabelValues, what: str, **parts: Any) -> Source:
        """Join the labels' space and that of the models of this phase."""
        read, reduction = self._configs.mappings.align(values, self._configs.space, what)
        return Source(values=read, reduction=reduction, **parts)

    def label(
        self, model: Model, cases: Fold | Sequence[Case], *, held_out: bool = False
    ) -> Labels:
        """Label reference cases with a model.

        Args:
            model: the teacher.
            cases: a fold, or reference cases.
            held_out: demand that the teacher has seen none of the cases.

        Raises:
            ValueError: ``held_out`` is demanded of a model that has seen one of the cases, or the
                model knows R's true labels.
        """
        if model.knows_hidden:
            raise UserError(
                f"{model_title(*model.identity)} learned R's true labels (upper_bound), so it may "
                "label no reference case for a semi-supervised student"
            )
        chosen = cases.cases if isinstance(cases, Fold) else tuple(cases)
        if held_out and (seen := [case for case in chosen if case.image.path in model.seen]):
            raise UserError(
                f"{model_title(*model.identity)} was trained on {len(seen)} of the "
                f"{len(chosen)} cases that it should label unseen, e.g. {seen[0].id!r}"
            )
        return Labels((LabeledPart(self._label(model, chosen, "reference"), chosen, model),))

    def _label(self, model: Model, cases: Iterable[Case], home: str) -> str:
        watched = self._pixels(model.configs) if home == "reference" else None
        return self._add(
            LabelStage(
                models=model.stages,
                teacher=model.identity,
                cases=tuple(case.without_label() for case in cases),
                space=model.space,
                pipeline=model.configs.label_pipeline(home),
                config=model.configs.label(home, model.identity[0]),
                labeled_pixels=watched,
            )
        )

    def _pixels(self, configs: ConfigSource) -> tuple[int, ...]:
        """Return the pixels of each class in S, against which pseudo labels are watched."""
        space = configs.space
        if space.name not in self._labeled_pixels:
            values, _ = configs.mappings.align(configs.values("labeled"), space, "the labels of S")
            pixels = class_pixels(self._split.labeled, values)
            self._labeled_pixels[space.name] = dict(zip(space.classes, pixels, strict=True))
        return tuple(self._labeled_pixels[space.name].values())

    @staticmethod
    def join(labels: Iterable[Labels]) -> Labels:
        """Unite labels of disjoint cases."""
        return Labels(tuple(part for item in labels for part in item.parts))

    def score(self, generation: int, models: Sequence[Model], labels: Labels | None = None) -> None:
        """Score a generation: its models on E and its pseudo labels on R where truth exists.

        Several models or parts of R also get a line for the generation as a whole: the mean of
        the models' scores on E, and the score of all of R's labels together.
        """
        generation += self._earlier_generations
        for cases in ("test", "validation"):
            self._score_models(generation, models, cases)
        if labels is not None:
            self._score_labels(generation, labels)

    def _score_models(self, generation: int, models: Sequence[Model], home: Any) -> None:
        cases = self._split.lists()[home]
        if not cases:
            return
        stages = [
            self._evaluate((self._label(model, cases, home),), cases, home, model.space)
            for model in models
        ]
        for model, stage in zip(models, stages, strict=True):
            name, fold = _name(model, models), model.identity[2]
            self._row(generation, name, home, fold, stage, of=len(cases))
        if len(stages) > 1:
            self._row(generation, "mean", home, None, *stages, of=len(cases))

    def _score_labels(self, generation: int, labels: Labels) -> None:
        """Score pseudo labels, as far as true labels exist: by fold, and all of them together."""
        truth = {case.image.path: case for case in self._split.reference if case.label is not None}
        if not truth or not self._can_score_reference(labels.parts[0].writer.space):
            return
        if len(truth) < len(self._split.reference):
            self._notes.append(
                f"R is scored on the {len(truth)} of its {len(self._split.reference)} cases that "
                "have true labels"
            )
        listed = (
            (part, tuple(truth[c.image.path] for c in part.cases if c.image.path in truth))
            for part in labels.parts
        )
        known = [(part, cases) for part, cases in listed if cases]
        for part, cases in known:
            evaluated = self._evaluate((part.stage,), cases, "reference", part.writer.space)
            name, fold = "single", None
            if len(labels.parts) > 1:
                name, fold = f"fold-{part.writer.identity[2]}", self._fold_of(cases[0])
            self._row(generation, name, "reference", fold, evaluated, of=len(part.cases))
        if len(known) > 1:
            joined = tuple(case for _, cases in known for case in cases)
            stages = tuple(part.stage for part, _ in known)
            evaluated = self._evaluate(stages, joined, "reference", known[0][0].writer.space)
            of = len(labels.cases)
            self._row(generation, "mean", "reference", None, evaluated, of=of)

    def _can_score_reference(self, space: LabelSpace) -> bool:
        """Tell whether R's true labels can be compared with labels of a space; note it if not.

        Hidden labels must stop nothing, so this is no error as it is for E.
        """
        truth = self._configs.values("reference").space
        down, up = (
            self._configs.mappings.between(*ends) for ends in ((truth, space), (space, truth))
        )
        if down is not None or (up is not None and not up.ignored):
            return True
        self._notes.append(
            f"true labels of R, in label space {truth.name!r}, cannot be compared with labels in "
            f"{space.name!r} by the declared maps: R is not scored"
        )
        return False

    def _fold_of(self, case: Case) -> int | None:
        path = case.image.path
        latest = next(reversed(self._folds.values()), ())
        folds = (fold.index for fold in latest if path in {c.image.path for c in fold.cases})
        return next(folds, None)

    def _row(
        self, generation: int, model: str, home: Any, fold: int | None, *stages: str, of: int
    ) -> None:
        self._rows.append(
            Row(
                generation=generation,
                model=model,
                cases=home,
                fold=fold,
                stages=stages,
                scored=self._stages[stages[0]].size,
                of=of,
            )
        )

    def _evaluate(
        self, predictions: tuple[str, ...], cases: tuple[Case, ...], home: str, space: LabelSpace
    ) -> str:
        """Score predictions in their own label space, or in that of the truth if it is coarser."""
        truth = self._configs.values(home)
        values, reduction = self._configs.mappings.align(
            truth, space, f"the {home} cases' true labels"
        )
        return self._add(
            EvaluateStage(
                predictions=predictions,
                cases=cases,
                values=values,
                reduction=reduction,
                config=self._configs.evaluate(),
            )
        )

    def _add(self, stage: Stage) -> str:
        self._stages.setdefault(stage.fingerprint, stage)
        return stage.fingerprint

    def finish(self, result: Result, *, label: str, scheduler: Mapping[str, Any]) -> Plan:
        """Score the result on E as ``final`` and return the plan.

        Stages that neither a score nor the result builds on are left out: what a phase of a
        curriculum ends with, when the next one does not take it over.
        """
        generation = max((row.generation for row in self._rows), default=0)
        for home in ("test", "validation"):
            if cases := self._split.lists()[home]:
                labels = self._label(result.model, cases, home)
                stage = self._evaluate((labels,), cases, home, result.model.space)
                self._row(generation, "final", home, None, stage, of=len(cases))
        kept = () if result.labels is None else tuple(part.stage for part in result.labels.parts)
        return Plan(
            label=label,
            scheduler=scheduler,
            seed=self._seed,
            stages=self._needed({*result.model.stages.values(), *kept}),
            rows=tuple(self._rows),
            models=result.model.stages,
            labels=kept,
            folds={
                count: tuple(tuple(case.id for case in fold.cases) for fold in folds)
                for count, folds in self._folds.items()
            },
            notes=tuple(dict.fromkeys(self._notes)),
            labeled_pixels=dict(self._labeled_pixels),
        )

    def _needed(self, results: set[str]) -> dict[str, Stage]:
        """Return the stages that the results and all scores build on, in order."""
        needed = results.union(*(row.stages for row in self._rows))
        # Each stage stands after those that it builds on.
        for name, stage in reversed(self._stages.items()):
            if name in needed:
                needed.update(stage.inputs)
        return {name: stage for name, stage in self._stages.items() if name in needed}


def _name(model: Model, models: Sequence[Model]) -> str:
    return "single" if len(models) == 1 else f"fold-{model.identity[2]}"
