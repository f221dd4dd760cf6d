"""What a method of learning is asked by the training loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from torch import Tensor, nn

from ssl_seg.core.stage import SourceKind

STUDENT = "student"
"""Name of the network that a stage's config describes, and that the optimiser trains."""


@dataclass(frozen=True)
class Step:
    """One iteration of a training, as a method sees it.

    Attributes:
        iteration: how many were done before it.
        iterations: how many there are in all.
        networks: the student, and those that the method made, by name.
        batch: as the loader collates it: ``inputs``, a list of N tensors (C, H, W), and
            ``data_samples``, a list of N whose metainfo holds ``case``, ``source`` (the kind) and
            ``space`` (name of the label space of its mask).
    """

    iteration: int
    iterations: int
    networks: Mapping[str, nn.Module]
    batch: Mapping[str, Any]

    @property
    def student(self) -> Any:
        """The network that is trained."""
        return self.networks[STUDENT]

    @property
    def progress(self) -> float:
        """Share of the training that is done, in [0, 1)."""
        return self.iteration / self.iterations


class Method(Protocol):
    """A way to learn; the registry ``METHODS`` holds one class for each.

    Its constructor takes keyword arguments only, which are the keys of a config's ``method``.
    Nothing but the weights and buffers of its networks outlives an iteration: what a method must
    remember is a buffer of one of them, so that a resumed training goes on bit by bit.

    Attributes:
        kinds: of the sources that it learns from; a stage that has others is refused.
        published: name of the network whose weights become the model.
    """

    kinds: ClassVar[frozenset[SourceKind]]
    published: str

    def networks(self, student: nn.Module) -> dict[str, nn.Module]:
        """Return further networks by name, made when the student has its first weights."""
        ...

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return losses by name as mmengine's models do; those with ``loss`` in it are added up.

        Runs inside the precision context of the optimiser wrapper.
        """
        ...

    def after_step(self, step: Step) -> None:
        """Update what follows the student, once the optimiser has moved it."""
        ...
