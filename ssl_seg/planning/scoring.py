"""Scores of a plan: which evaluate stages it has, and which line of the report each one fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ssl_seg.core.case import Case
from ssl_seg.core.plan import Row, ScoredList
from ssl_seg.core.stage import EvaluateStage
from ssl_seg.planning.draft import Draft
from ssl_seg.planning.handles import LabeledPart, Labeler, Labels
from ssl_seg.planning.labeling import write_labels


@dataclass(frozen=True)
class Scoring:
    """Writes the scores of one generation.

    Attributes:
        draft: where they are written.
        generation: that the lines are of.
    """

    draft: Draft
    generation: int

    def models(self, labelers: Sequence[Labeler], name: str | None = None) -> None:
        """Score models on E and on the validation cases, where there are any.

        Several models also get a line for all of them: the mean of their scores.

        Args:
            labelers: models or ensembles.
            name: of the line, instead of one that tells several of them apart.
        """
        lists: tuple[ScoredList, ...] = ("test", "validation")
        for case_list in lists:
            if cases := self.draft.split.lists()[case_list]:
                self._models(labelers, name, cases, case_list)

    def _models(
        self,
        labelers: Sequence[Labeler],
        name: str | None,
        cases: tuple[Case, ...],
        case_list: ScoredList,
    ) -> None:
        stages = []
        for at, labeler in enumerate(labelers):
            written = write_labels(self.draft, labeler, cases, case_list)
            stages.append(self._evaluate((written,), cases, case_list, labeler))
            fold = _fold(labeler)
            found = name or _line(fold, at, len(labelers))
            self._row(found, case_list, stages[at:], fold=None if name else fold, of=len(cases))
        if len(stages) > 1:
            self._row("mean", case_list, stages, of=len(cases))

    def labels(self, labels: Labels) -> None:
        """Score pseudo labels of R, as far as true labels exist.

        Several parts also get a line for all of them: the score of all labels together.
        """
        reference = self.draft.split.reference
        truth = {case.image.path: case for case in reference if case.label is not None}
        if not truth or not self._can_score_reference(labels.parts[0].writer):
            return
        if len(truth) < len(reference):
            self.draft.notes.append(
                f"R is scored on the {len(truth)} of its {len(reference)} cases that have true "
                "labels"
            )
        listed = [
            (part, tuple(truth[c.image.path] for c in part.cases if c.image.path in truth))
            for part in labels.parts
        ]
        known = [(part, cases) for part, cases in listed if cases]
        for at, (part, cases) in enumerate(known):
            line, fold = _line_of_part(part, at, len(labels.parts))
            stage = self._evaluate((part.stage,), cases, "reference", part.writer)
            self._row(line, "reference", [stage], fold=fold, of=len(part.cases))
        if len(known) > 1:
            # All of R is scored as one set of pixels: a mean would weigh unequal parts alike.
            joined = tuple(case for _, cases in known for case in cases)
            stages = tuple(part.stage for part, _ in known)
            stage = self._evaluate(stages, joined, "reference", known[0][0].writer)
            self._row("mean", "reference", [stage], of=len(labels.cases))

    def _can_score_reference(self, writer: Labeler) -> bool:
        """Tell whether R's true labels can be compared with those of a writer; note it if not.

        Hidden labels must stop nothing, so this is no error as it is for E.
        """
        configs = writer.members[0].configs
        truth, space = configs.values("reference").space, writer.space
        down, up = (configs.mappings.between(*ends) for ends in ((truth, space), (space, truth)))
        if down is not None or (up is not None and not up.ignored):
            return True
        self.draft.notes.append(
            f"true labels of R, in label space {truth.name!r}, cannot be compared with labels in "
            f"{space.name!r} by the declared mappings: R is not scored"
        )
        return False

    def _evaluate(
        self,
        predictions: tuple[str, ...],
        cases: tuple[Case, ...],
        case_list: ScoredList,
        writer: Labeler,
    ) -> str:
        """Score predictions in their own label space, or in that of the truth if it is coarser."""
        configs = writer.members[0].configs
        values, reduction = configs.mappings.align(
            configs.values(case_list), writer.space, f"the {case_list} cases' true labels"
        )
        return self.draft.add(
            EvaluateStage(
                predictions=predictions,
                cases=cases,
                values=values,
                reduction=reduction,
                config=configs.evaluate(),
            )
        )

    def _row(
        self,
        line: str,
        case_list: ScoredList,
        stages: Sequence[str],
        *,
        of: int,
        fold: int | None = None,
    ) -> None:
        self.draft.rows.append(
            Row(
                generation=self.generation,
                model=line,
                cases=case_list,
                fold=fold,
                stages=tuple(stages),
                scored=self.draft.stages[stages[0]].size,
                of=of,
            )
        )


def _fold(labeler: Labeler) -> int | None:
    """Return the fold of a model; an ensemble is of none."""
    return labeler.members[0].identity.fold if len(labeler.members) == 1 else None


def _line(fold: int | None, at: int, several: int) -> str:
    """Name the line of one of several models."""
    if several == 1:
        return "single"
    return f"model-{at}" if fold is None else f"fold-{fold}"


def _line_of_part(part: LabeledPart, at: int, parts: int) -> tuple[str, int | None]:
    """Name the line of one of several parts of R, and the fold that was labeled in it."""
    if parts == 1:
        return "single", None
    # What a model labels need not be the fold that it is named after.
    fold = _fold(part.writer)
    return _line(part.fold if fold is None else fold, at, parts), part.fold
