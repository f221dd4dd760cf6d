"""Moving averages of a network's weights."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from ssl_seg.methods.method import FOLLOWER, Method
from ssl_seg.methods.step import Step
from ssl_seg.methods.wrapped import Wrapped

AVERAGE = "average"
"""Name of the network that the key ``average`` adds."""


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, decay: float, iteration: int) -> None:
    """Move an average towards a network: a' = d a + (1 - d) w, with d = min(1 - 1/(t+1), decay).

    The first iterations, t = 0, 1, ..., thus make a plain mean, and the start weights do not count.
    Buffers such as the statistics of batch normalisation are averaged as the weights are, unlike in
    many published codes: predictions then do not depend on what else is in a batch. Whole numbers
    are copied.

    Args:
        average: changed in place.
        network: of the same architecture.
        decay: in [0, 1); 0 copies the network.
        iteration: t, how many were done before this one.
    """
    weight = 1 - min(1 - 1 / (iteration + 1), decay)
    pairs = list(zip(_tensors(average), _tensors(network), strict=True))
    floating = [pair for pair in pairs if pair[0].is_floating_point()]
    means, values = map(list, zip(*floating, strict=True))
    torch._foreach_lerp_(means, values, weight)
    for mean, value in pairs:
        if not mean.is_floating_point():
            mean.copy_(value)


def _tensors(network: nn.Module) -> list[Tensor]:
    return [*network.parameters(), *network.buffers()]


@final
class Averaged(Wrapped):
    """A method whose student is followed by an average, which becomes the model.

    Args:
        method: how the student learns.
        decay: of the average, in [0, 1).
    """

    def __init__(self, method: Method, decay: float) -> None:
        super().__init__(method)
        self._decay = decay
        self.companions = {**method.companions, AVERAGE: FOLLOWER}
        self.published = AVERAGE

    def after_step(self, step: Step) -> None:
        """Let the average follow the student."""
        super().after_step(step)
        follow(step.networks[AVERAGE], step.student, self._decay, step.iteration)
