"""Learning from masks alone, true or pseudo: the default."""

from __future__ import annotations

from typing import ClassVar, final

from torch import Tensor, nn

from ssl_seg.core.stage import Augmentation, SourceKind
from ssl_seg.methods.method import Companion
from ssl_seg.methods.step import STUDENT, Step
from ssl_seg.registry import METHODS


@METHODS.register_module()
@final
class Supervised:
    """The model's own loss on every sample of the batch, in one forward pass.

    Pseudo-labeled samples are seen by their strong copies, which is what makes rounds gain in Yang
    et al., "ST++" (CVPR 2022). Without ``strong`` transforms these are like the weak ones.
    """

    kinds: ClassVar[frozenset[SourceKind]] = frozenset({"labeled", "pseudo"})
    needs: ClassVar[frozenset[SourceKind]] = frozenset()
    copies: ClassVar[dict[SourceKind, tuple[Augmentation, ...]]] = {"pseudo": ("strong",)}
    companions: ClassVar[dict[str, Companion]] = {}
    published = STUDENT
    passes = 1

    def check(self, student: nn.Module) -> None:
        """Accept any model."""

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return the losses of the model, auxiliary heads included."""
        losses: dict[str, Tensor] = step.student(step.pictures, list(step.samples), mode="loss")
        return losses

    def after_step(self, step: Step) -> None:
        """Do nothing: there is no other network to update."""
