"""A method around another one."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from ssl_seg.core.stage import Augmentation, SourceKind
from ssl_seg.methods.method import Companion, Method
from ssl_seg.methods.step import Step


class Wrapped:
    """Declares and does what another method does; what derives from it changes some of that.

    Args:
        method: the other one.
    """

    def __init__(self, method: Method) -> None:
        self._method = method
        self.kinds: frozenset[SourceKind] = method.kinds
        self.needs: frozenset[SourceKind] = method.needs
        self.copies: Mapping[SourceKind, tuple[Augmentation, ...]] = method.copies
        self.companions: Mapping[str, Companion] = method.companions
        self.published = method.published
        self.passes = method.passes

    def check(self, student: nn.Module) -> None:
        """Refuse what the method refuses."""
        self._method.check(student)

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return the method's."""
        return self._method.losses(step)

    def after_step(self, step: Step) -> None:
        """Do what the method does."""
        self._method.after_step(step)
