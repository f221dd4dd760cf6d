"""What a model file says of its model."""

from __future__ import annotations

from dataclasses import dataclass

from ssl_seg.core.model_id import ModelId, Role
from ssl_seg.core.space import LabelSpace
from ssl_seg.core.views import View


@dataclass(frozen=True, kw_only=True)
class ModelMeta:
    """What a model file says of its model; a file of another program says little or nothing.

    Attributes:
        space: what it predicts; ``None`` where the file states no classes.
        role: what it was trained for; ``None`` in a file of another program.
        generation: the round it belongs to; 0 is the initial model.
        fold: the fold it was trained for, counted from 0; ``None`` without folds.
        view: along which volumes are cut into the slices that it labels; ``None`` for images.
        section: the last part of its training; ``None`` where that has no parts.
    """

    space: LabelSpace | None
    role: Role | None = None
    generation: int = 0
    fold: int | None = None
    view: View | None = None
    section: str | None = None

    @property
    def title(self) -> str:
        """What all networks of one model have in common, for people."""
        model = "a model of another program"
        if self.role is not None:
            model = ModelId(self.role, self.generation, self.fold).title
        section = f", section {self.section}" if self.section else ""
        classes = "none stated" if self.space is None else ", ".join(self.space.classes)
        return f"{model}{section} (classes: {classes})"
