"""From one model to its train stages: a network for each view, trained section by section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ssl_seg.core.fingerprint import derive_seed
from ssl_seg.core.model_id import ModelId
from ssl_seg.core.stage import TrainStage
from ssl_seg.core.views import View
from ssl_seg.planning.draft import Draft
from ssl_seg.planning.handles import Lesson, Model, Truth
from ssl_seg.planning.sources import learns_pseudo, sources_of
from ssl_seg.planning.stage_configs import ConfigSource, TrainingPart


def labeled_set(draft: Draft) -> Truth:
    """Return the labeled set S with its true labels."""
    return Truth(draft.split.labeled, "labeled")


@dataclass(frozen=True)
class ModelWriter:
    """Writes the train stages of one model.

    Attributes:
        draft: where they are written.
        configs: what each of them reads of the config.
        identity: of the model.
        lessons: what it learns from.
    """

    draft: Draft
    configs: ConfigSource
    identity: ModelId
    lessons: tuple[Lesson, ...]

    def write(self, start: Model | None) -> Model:
        """Write the training of all networks, from scratch or from those of another model."""
        networks = {
            view: self._network(view, None if start is None else start.networks[view])
            for view in self.configs.views
        }
        # What starts from the start point has learned S there, whatever else it learns.
        learned = self.lessons
        if start is None and self.configs.start_point and not self._other_truth:
            learned = (*learned, labeled_set(self.draft))
        seen = frozenset(case.image.path for lesson in learned for case in lesson.cases)
        return Model(
            identity=self.identity,
            networks=networks,
            seen=seen if start is None else seen | start.seen,
            knows_hidden=self._knows_hidden or (start is not None and start.knows_hidden),
            configs=self.configs,
        )

    @property
    def _knows_hidden(self) -> bool:
        return any(
            isinstance(lesson, Truth) and lesson.case_list == "reference" for lesson in self.lessons
        )

    @property
    def _other_truth(self) -> bool:
        """Whether it learns from true labels alone, and more of them than those of S, or fewer."""
        labeled = labeled_set(self.draft)
        others = any(isinstance(lesson, Truth) and lesson != labeled for lesson in self.lessons)
        return others and not learns_pseudo(self.lessons)

    def _network(self, view: View | None, start: str | None) -> str:
        """Write the stages of one network, one for each section, and return the last one.

        What starts from a model goes on with the sections after the start point. From scratch means
        from the start point: the first sections, trained on S. Only what learns from other true
        labels than those of S alone has sections of its own from the first one.
        """
        first, sections = self.configs.start_point, self.configs.sections
        if not first or (start is None and self._other_truth):
            return self._train(view, sections, start)
        if start is not None:
            return self._train(view, sections[len(first) :], start)
        # Every model's start point is that of the initial model, and so trained once in a run.
        initial = replace(self, identity=ModelId("initial", 0), lessons=(labeled_set(self.draft),))
        start = initial._train(view, first, None)
        redraw = learns_pseudo(self.lessons)
        return self._train(view, sections[len(first) :], start, redraw=redraw)

    def _train(
        self,
        view: View | None,
        sections: Sequence[str | None],
        start: str | None,
        *,
        redraw: bool = False,
    ) -> str:
        """Write a chain of stages, each of which starts from the one before; return the last."""
        for section in sections:
            stage = self._stage(TrainingPart(self.identity.role, view, section), start, redraw)
            start, redraw = self.draft.add(stage), False
        assert start is not None  # noqa: S101 - there is always a section
        return start

    def _stage(self, part: TrainingPart, start: str | None, redraw: bool) -> TrainStage:
        role, generation, fold = self.identity
        sources = sources_of(self.lessons, self.configs, part)
        config = self.configs.train(part, kinds={source.kind for source in sources})
        if config.pseudo_labels is None or config.pseudo_labels.calibrated is None:
            sources = tuple(replace(source, calibration=None) for source in sources)
        names = [name for name in (part.view, part.section) if name is not None]
        seed = self.draft.seed
        return TrainStage(
            role=role,
            generation=generation,
            fold=fold,
            view=part.view,
            section=part.section,
            space=self.configs.space,
            sources=sources,
            start=start,
            redraw=redraw,
            config=config,
            seed=derive_seed("train", seed, role, generation, fold, *names),
            # Of the run alone: every model of it starts from the same weights.
            scratch_seed=derive_seed("scratch", seed),
        )
