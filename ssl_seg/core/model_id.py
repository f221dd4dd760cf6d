"""Which model of a plan: its role, its generation and its fold."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Role: TypeAlias = Literal["initial", "student", "guided", "tuning", "final"]


class ModelId(NamedTuple):
    """Identity of a model inside its plan.

    Attributes:
        role: what it is trained for.
        generation: the round it belongs to; 0 is the initial model.
        fold: the fold it trains or labels for, counted from 0; ``None`` without folds.
    """

    role: Role
    generation: int
    fold: int | None = None

    @property
    def title(self) -> str:
        """Name for people, e.g. ``student 2, fold 0``."""
        # A plan has one initial and one final model, whatever their generation.
        once = self.role in ("initial", "final")
        name = self.role if once else f"{self.role} {self.generation}"
        return name if self.fold is None else f"{name}, fold {self.fold}"
