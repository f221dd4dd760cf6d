"""The plan builder: what a scheduler asks for models, labels and scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.core.model_id import Role
from ssl_seg.planning import laws
from ssl_seg.planning.calibration import calibrated
from ssl_seg.planning.draft import Draft
from ssl_seg.planning.handles import (
    Ensemble,
    Fold,
    LabeledPart,
    Labeler,
    Labels,
    Lesson,
    Model,
    TakenOver,
    Truth,
    Unlabeled,
)
from ssl_seg.planning.labeling import write_labels
from ssl_seg.planning.networks import ModelWriter, labeled_set
from ssl_seg.planning.phase import Phase, StudentRole
from ssl_seg.planning.scoring import Scoring
from ssl_seg.planning.sources import lessons_with_unlabeled


class PlanBuilder:
    """Writes the plan of one schedule on one split.

    Attributes:
        draft: what is written so far.

    Args:
        draft: where to write.
        phase: what to plan with.
    """

    def __init__(self, draft: Draft, phase: Phase) -> None:
        self.draft = draft
        self._phase = phase

    @property
    def truth(self) -> Truth:
        """The labeled set S with its true labels."""
        return labeled_set(self.draft)

    @property
    def hidden_truth(self) -> Truth:
        """R with its true labels: for an upper bound, never for semi-supervised learning.

        Raises:
            UserError: a reference case has no true label.
        """
        cases = self.draft.split.reference
        known = sum(case.label is not None for case in cases)
        if known < len(self.reference):
            raise UserError(
                f"the upper bound needs true labels of all {len(cases)} reference cases, "
                f"only {known} have one"
            )
        return Truth(cases, "reference")

    @property
    def reference(self) -> tuple[Case, ...]:
        """The reference set R, without labels.

        Raises:
            UserError: R is empty.
        """
        if not self.has_reference:
            raise UserError(
                "the reference set R is empty, so there is nothing to label; lower split.labeled, "
                "name split.reference, or use the Supervised scheduler"
            )
        return tuple(case.without_label() for case in self.draft.split.reference)

    @property
    def has_reference(self) -> bool:
        """Whether R holds any case."""
        return bool(self.draft.split.reference)

    @property
    def taken_over(self) -> TakenOver:
        """What an earlier phase hands on, of what the scheduler's class says it ``takes_over``."""
        return self._phase.taken_over

    def folds(self, count: int) -> tuple[Fold, ...]:
        """Divide R into folds, by seed and in whole groups where there are enough.

        Raises:
            UserError: R has fewer cases than folds.
        """
        return self.draft.divide(self.reference, count)

    def unlabeled(self, cases: Fold | Sequence[Case]) -> Unlabeled:
        """Return cases for a method to learn from without labels; they count as seen.

        A training leaves them out where the config's ``batch`` has no unlabeled samples.
        """
        return Unlabeled(tuple(case.without_label() for case in _cases(cases)))

    def learns_unlabeled(self, role: Role) -> bool:
        """Tell whether the config's ``batch`` has unlabeled samples for models of a role."""
        return self._phase.configs.learns_unlabeled(role)

    def train(
        self,
        *lessons: Lesson,
        role: Role,
        generation: int = 0,
        fold: Fold | None = None,
        start: Model | None = None,
    ) -> Model:
        """Train a model on labels and unlabeled cases, from scratch or from ``start``.

        Where the config's ``batch`` has unlabeled samples, the cases of pseudo labels are learned
        from without their labels too.

        Labels of a finer space than the model's are mapped to it; those of a coarser one guide the
        model through the sums of its probabilities.

        Raises:
            UserError: no class mapping leads from the labels' space to the model's, or back.
        """
        identity, configs = self._phase.model_id(role, generation, fold), self._phase.configs
        learned = lessons_with_unlabeled(lessons, wanted=configs.learns_unlabeled(identity.role))
        known = calibrated(self.draft, learned)
        return ModelWriter(self.draft, configs, identity, known).write(start)

    @staticmethod
    def ensemble(models: Iterable[Model]) -> Ensemble:
        """Let several models label together, by the mean of their probabilities.

        Raises:
            UserError: there is none, or one stands twice, or their label spaces differ.
        """
        return Ensemble(tuple(models))

    def label(
        self, labeler: Labeler, cases: Fold | Sequence[Case], *, held_out: bool = False
    ) -> Labels:
        """Label reference cases with a model, or with several as one.

        Args:
            labeler: the teacher: a model or an ensemble.
            cases: a fold, or reference cases.
            held_out: demand that the teacher has seen none of the cases.

        Raises:
            UserError: ``held_out`` is demanded of a model that has seen one of the cases, or a
                model knows R's true labels.
        """
        laws.require_blind(labeler)
        chosen = _cases(cases)
        if held_out:
            laws.require_unseen(labeler, chosen)
        stage = write_labels(self.draft, labeler, chosen, "reference")
        fold = cases.index if isinstance(cases, Fold) else None
        return Labels((LabeledPart(stage, chosen, labeler, fold),))

    @staticmethod
    def join(labels: Iterable[Labels]) -> Labels:
        """Unite labels of disjoint cases."""
        return Labels(tuple(part for item in labels for part in item.parts))

    def score(
        self, generation: int, models: Sequence[Labeler], labels: Labels | None = None
    ) -> None:
        """Score a generation: its models on E and its pseudo labels on R where truth exists.

        Several models or parts of R also get a line for the generation as a whole: the mean of
        the models' scores on E, and the score of all of R's labels together.
        """
        scoring = Scoring(self.draft, self._phase.generation(generation))
        scoring.models(models)
        if labels is not None:
            scoring.labels(labels)

    def phase(self, *, space: str | None, taken_over: TakenOver, role: StudentRole) -> PlanBuilder:
        """Return the builder of one phase of a curriculum, which writes into the same plan.

        Generations count on from those of earlier phases.

        Args:
            space: label space of the phase's models; ``None`` is that of the whole experiment.
            taken_over: what an earlier phase hands on to it.
            role: what its students are called.

        Raises:
            UserError: there is no such space, or the model taken over predicts another one.
        """
        following = self._phase.following(space, taken_over, role, self.draft.last_generation)
        return PlanBuilder(self.draft, following)


def _cases(cases: Fold | Sequence[Case]) -> tuple[Case, ...]:
    return cases.cases if isinstance(cases, Fold) else tuple(cases)
