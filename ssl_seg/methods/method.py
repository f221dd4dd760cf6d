"""What a method of learning declares, and what the training loop asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor, nn

from ssl_seg.core.stage import Augmentation, SourceKind
from ssl_seg.methods.step import Step


@dataclass(frozen=True)
class Companion:
    """A network of the student's architecture beside it.

    Attributes:
        weights: what it starts with: ``student``: the student's; ``own``: scratch weights from a
            seed of its own, also where the student goes on from a trained model.
        trained: whether the optimiser moves it too; otherwise it is in eval mode, without
            gradients.
    """

    weights: Literal["student", "own"]
    trained: bool


FOLLOWER = Companion("student", trained=False)
"""A network that follows the student, such as an averaged teacher."""

PEER = Companion("own", trained=True)
"""A second student, such as that of cross pseudo supervision."""


class Method(Protocol):
    """A way to learn; the registry ``METHODS`` holds one class for each.

    Its constructor takes keyword arguments only, which are the keys of a config's ``method``.
    Nothing but the weights and buffers of its networks outlives an iteration: what a method must
    remember is a buffer of one of them, so that a resumed training goes on bit by bit. What it
    draws at random comes from torch's CPU generator, which is seeded for each iteration.

    Attributes:
        kinds: of the sources that it learns from; a training that has others is refused.
        needs: those of them that it cannot do without.
        copies: that it wants of each sample, by kind; one weak copy where a kind is absent.
        companions: further networks, by name.
        published: name of the network whose weights become the model.
        passes: how often networks see a picture in an iteration, divided by the number of samples:
            what an iteration costs beside a supervised one, which has 1.
    """

    @property
    def kinds(self) -> frozenset[SourceKind]: ...  # noqa: D102

    @property
    def needs(self) -> frozenset[SourceKind]: ...  # noqa: D102

    @property
    def copies(self) -> Mapping[SourceKind, tuple[Augmentation, ...]]: ...  # noqa: D102

    @property
    def companions(self) -> Mapping[str, Companion]: ...  # noqa: D102

    @property
    def published(self) -> str: ...  # noqa: D102

    @property
    def passes(self) -> float: ...  # noqa: D102

    def check(self, student: nn.Module) -> None:
        """Refuse a model without the parts that the method needs.

        Raises:
            UserError: names the part and what to do.
        """
        ...

    def losses(self, step: Step) -> dict[str, Tensor]:
        """Return losses by name as mmengine's models do; those with ``loss`` in it are added up.

        Runs inside the precision context of the optimiser wrapper.
        """
        ...

    def after_step(self, step: Step) -> None:
        """Update what follows the student, once the optimiser has moved it."""
        ...
