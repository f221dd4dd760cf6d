"""Learning from masks alone, true or pseudo: the default."""

from __future__ import annotations

from typing import ClassVar, final

from torch import Tensor, nn

from ssl_seg.core.stage import SourceKind
from ssl_seg.methods.method import STUDENT, Step
from ssl_seg.registry import METHODS


@METHODS.register_module()
@final
class Supervised:
    """The model's own loss on every sample of the batch, in one forward pass."""

    kinds: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "pseudo"})
    published = STUDENT

    def networks(self, student: nn.Module) -> dict[str, nn.Module]:
        """Return none: the student learns alone."""
        del student
        return {}

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return the losses of the model, auxiliary heads included."""
        data = step.student.data_preprocessor(step.batch, True)
        losses: dict[str, Tensor] = step.student(**data, mode="loss")
        return losses

    def after_step(self, step: Step) -> None:
        """Do nothing: there is no other network to update."""
