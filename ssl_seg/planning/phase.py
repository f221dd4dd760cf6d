"""One phase of a plan: what one schedule plans with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ssl_seg.core.errors import UserError
from ssl_seg.core.model_id import ModelId, Role
from ssl_seg.planning.handles import Fold, Model, TakenOver
from ssl_seg.planning.stage_configs import ConfigSource

StudentRole: TypeAlias = Literal["student", "guided", "tuning"]
"""What the students of a phase may be called; overlays of the config go by it."""


@dataclass(frozen=True)
class Phase:
    """What one schedule plans with; a curriculum has several phases, others one.

    Attributes:
        configs: each stage's part of the config.
        taken_over: what an earlier phase hands on.
        student_role: what students are called.
        earlier_generations: how many of them earlier phases have had.

    Raises:
        UserError: the model taken over predicts another label space.
    """

    configs: ConfigSource
    taken_over: TakenOver = field(default_factory=TakenOver)
    student_role: StudentRole = "student"
    earlier_generations: int = 0

    def __post_init__(self) -> None:
        model = self.taken_over.model
        if model is not None:
            self._require_fit(model)

    def _require_fit(self, model: Model) -> None:
        theirs, own = model.space, self.configs.space
        if theirs.classes != own.classes:
            raise UserError(
                f"start='previous': the phase before ends with a model of label space "
                f"{theirs.name!r} ({len(theirs)} classes), whose weights do not fit {own.name!r} "
                f"({len(own)} classes); start='own' starts from scratch"
            )

    def model_id(self, role: Role, generation: int, fold: Fold | None) -> ModelId:
        """Return the identity in the plan of a model that the schedule calls so."""
        return ModelId(
            self.student_role if role == "student" else role,
            self.generation(generation),
            None if fold is None else fold.index,
        )

    def generation(self, own: int) -> int:
        """Return which generation of the plan one of the schedule's own is."""
        return self.earlier_generations + own

    def following(
        self, space: str | None, taken_over: TakenOver, role: StudentRole, last: int | None
    ) -> Phase:
        """Return the phase after the plan's generation ``last``; ``None``: nothing is scored yet.

        Raises:
            UserError: there is no such label space, or the model taken over predicts another one.
        """
        configs = self.configs if space is None else self.configs.in_space(space)
        earlier = self.earlier_generations
        if last is not None:
            # A phase that takes labels over has no generation 0 of its own.
            earlier = last if taken_over.labels is not None else last + 1
        return Phase(configs, taken_over, role, earlier)
