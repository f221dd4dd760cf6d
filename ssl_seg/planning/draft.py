"""The draft of one plan: what is written so far, by whichever phase of the schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ssl_seg.core.case import Case
from ssl_seg.core.class_shares import class_pixels
from ssl_seg.core.plan import Row
from ssl_seg.core.split import Split, fold_reference
from ssl_seg.core.stage import Calibration, Stage
from ssl_seg.planning.handles import Fold
from ssl_seg.planning.stage_configs import ConfigSource

_UNEQUAL = 1.5
"""Largest fold by smallest fold, above which the plan has a note."""


@dataclass(frozen=True)
class Draft:
    """One plan as far as it is written.

    Attributes:
        split: the case lists.
        seed: of the run: start weights, sample order, folds.
        notes: what a reader of the plan should know.
        stages: by fingerprint; each after the stages that it builds on.
        rows: the lines of the report.
        folds: the parts of R, by the number of parts; the latest division stands last.
        labeled_pixels: pixels of each class in S, by label space in which R is labeled.
        calibrations: what tells how far pseudo labels are to be trusted, by their label space.
    """

    split: Split
    seed: int
    notes: list[str] = field(default_factory=list)
    stages: dict[str, Stage] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    folds: dict[int, tuple[Fold, ...]] = field(default_factory=dict)
    labeled_pixels: dict[str, dict[str, int]] = field(default_factory=dict)
    calibrations: dict[str, Calibration] = field(default_factory=dict)

    def add(self, stage: Stage) -> str:
        """Write a stage down, once, and return its fingerprint."""
        self.stages.setdefault(stage.fingerprint, stage)
        return stage.fingerprint

    @property
    def last_generation(self) -> int | None:
        """The latest generation that has a score; ``None`` before the first one."""
        return max((row.generation for row in self.rows), default=None)

    def divide(self, reference: Sequence[Case], count: int) -> tuple[Fold, ...]:
        """Divide R into folds, and note what is odd about them.

        Raises:
            UserError: R has fewer cases than folds.
        """
        made = fold_reference(reference, count, self.seed)
        groups = len({case.group for case in reference})
        sizes = sorted(map(len, made.parts), reverse=True)
        if not made.whole_groups:
            self.notes.append(
                f"R has {groups} group(s), fewer than twice the {count} folds: the folds are "
                "contiguous blocks of the frame order and may part a group"
            )
        elif sizes[0] > _UNEQUAL * sizes[-1]:
            self.notes.append(
                f"whole groups make the {count} folds of R very unequal: "
                f"{', '.join(map(str, sizes))} cases"
            )
        # The same count is the same division in every phase; the latest one comes last.
        self.folds.pop(count, None)
        self.folds[count] = tuple(Fold(index, part) for index, part in enumerate(made.parts))
        return self.folds[count]

    def pixels_of_labeled(self, configs: ConfigSource) -> tuple[int, ...]:
        """Return the pixels of each class in S, against which pseudo labels are watched."""
        space = configs.space
        if space.name not in self.labeled_pixels:
            values, _ = configs.mappings.align(configs.values("labeled"), space, "the labels of S")
            pixels = class_pixels(self.split.labeled, values)
            self.labeled_pixels[space.name] = dict(zip(space.classes, pixels, strict=True))
        return tuple(self.labeled_pixels[space.name].values())
