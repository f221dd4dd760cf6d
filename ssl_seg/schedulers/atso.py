"""ATSO: asynchronous teacher-student optimization; no model labels what it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, final

from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.planning import Fold, HandedOn, Labels, Model, PlanBuilder, Result
from ssl_seg.registry import SCHEDULERS
from ssl_seg.schedulers.first_labels import (
    Initial,
    check_generations,
    check_initial,
    first_labels,
    require_unlabeled,
)


@SCHEDULERS.register_module()
@final
class ATSO:
    """Algorithm 1 of Huo et al., "ATSO" (CVPR 2021), for any number of folds.

    R is divided into folds. In each generation one model per fold learns from S and pseudo labels
    of other folds than the one it labels next; at the end one model learns from S and all of R.
    With two folds both values of ``learn_from`` are the paper's algorithm.

    Args:
        folds: number of parts of R, at least 2 (with 1 it would be STSO).
        generations: rounds after the initial model, at least 1.
        start: ``scratch`` as published; ``own`` goes on from the same fold's previous model, so
            that the paper's two changes can be tested apart.
        learn_from: ``others``: model i learns from all folds but fold i and labels fold i;
            ``own``: model i learns from fold i and labels fold i - 1 (modulo folds).
        initial: ``supervised``: one model learns from S and labels all of R, as published;
            ``method``: generation 0 has a model for each fold too. It learns from S and, by the
            config's method, from the folds of ``learn_from`` without labels, and labels the same
            fold as later ones, which it has not seen.
    """

    takes_over: ClassVar[frozenset[HandedOn]] = frozenset({"model", "labels"})

    def __init__(
        self,
        *,
        folds: int = 2,
        generations: int = 4,
        start: Literal["scratch", "own"] = "scratch",
        learn_from: Literal["others", "own"] = "others",
        initial: Initial = "supervised",
    ) -> None:
        if isinstance(folds, bool) or not isinstance(folds, int) or folds < 2:
            raise UserError(f"ATSO needs at least 2 folds, got {folds!r}; with 1 it is STSO")
        if start not in ("scratch", "own"):
            raise UserError(f"start must be 'scratch' or 'own', got {start!r}")
        if learn_from not in ("others", "own"):
            raise UserError(f"learn_from must be 'others' or 'own', got {learn_from!r}")
        self.folds = folds
        self.generations = check_generations(generations)
        self.start = start
        self.learn_from = learn_from
        self.initial = check_initial(initial)

    def plan(self, b: PlanBuilder) -> Result:
        """Write the plan; see the class.

        Raises:
            UserError: an earlier phase of a curriculum hands on labels that a model wrote of cases
                that it was trained on, or ``initial`` is ``method`` where it has no effect.
        """
        previous: list[Model | None] = [None] * self.folds
        if self.initial == "method":
            require_unlabeled(b)
            folds = b.folds(self.folds)
            models = self._first_models(b, folds)
            labels = self._labels(b, 0, folds, models)
            previous = list(models)
        else:
            labels = _held_out_labels(b)
            folds = b.folds(self.folds)
        for generation in range(1, self.generations + 1):
            models = [
                b.train(
                    b.truth,
                    self._lessons(labels, fold),
                    role="student",
                    generation=generation,
                    fold=fold,
                    start=before if self.start == "own" else None,
                )
                for fold, before in zip(folds, previous, strict=True)
            ]
            labels = self._labels(b, generation, folds, models)
            previous = list(models)
        final_model = b.train(b.truth, labels, role="final")
        return Result(final_model, labels)

    def _first_models(self, b: PlanBuilder, folds: tuple[Fold, ...]) -> list[Model]:
        """Train a model for each fold on S and the cases that its students learn from."""
        return [
            b.train(b.truth, b.unlabeled(self._learned(folds, fold)), role="initial", fold=fold)
            for fold in folds
        ]

    def _learned(self, folds: tuple[Fold, ...], fold: Fold) -> list[Case]:
        own = self.learn_from == "own"
        return [case for other in folds if (other is fold) is own for case in other.cases]

    def _labels(
        self, b: PlanBuilder, generation: int, folds: tuple[Fold, ...], models: Sequence[Model]
    ) -> Labels:
        """Let each model of a generation label its fold, and score both."""
        labels = b.join(
            b.label(model, self._unseen(folds, fold), held_out=True)
            for model, fold in zip(models, folds, strict=True)
        )
        b.score(generation, models, labels)
        return labels

    def _lessons(self, labels: Labels, fold: Fold) -> Labels:
        return labels.outside(fold) if self.learn_from == "others" else labels.inside(fold)

    def _unseen(self, folds: tuple[Fold, ...], fold: Fold) -> Fold:
        return fold if self.learn_from == "others" else folds[fold.index - 1]


def _held_out_labels(b: PlanBuilder) -> Labels:
    """Return labels of R by models that have not seen what they labeled."""
    _, labels = first_labels(b)
    if own := labels.not_held_out:
        raise UserError(
            f"ATSO: {len(own)} reference cases, e.g. {own[0].id!r}, were labeled by a model that "
            "was trained on them; let ATSO hand on its labels, or Supervised without unlabeled "
            "samples, or start with pseudo_labels='own' and start='own'"
        )
    return labels
