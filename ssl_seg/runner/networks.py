"""The networks of a training: the student and the companions that its method asks for."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from logging import Logger

from torch import nn

from ssl_seg.core.fingerprint import derive_seed
from ssl_seg.core.stage import TrainStage
from ssl_seg.methods.method import Method
from ssl_seg.methods.step import STUDENT
from ssl_seg.runner.start_weights import set_start_weights


def networks_of(method: Method, student: nn.Module) -> dict[str, nn.Module]:
    """Return the student and the method's companions by name; their weights are still to be set.

    Raises:
        UserError: the student lacks what the method needs.
    """
    method.check(student)
    networks = {STUDENT: student}
    for name, companion in method.companions.items():
        networks[name] = deepcopy(student)
        if not companion.trained:
            networks[name].requires_grad_(False)
    return networks


def start_companions(
    networks: Mapping[str, nn.Module], method: Method, stage: TrainStage, seed: int, logger: Logger
) -> None:
    """Set the weights of companions, once the student has its own.

    Args:
        networks: by name.
        method: whose companions they are.
        stage: of the training.
        seed: of the student's scratch weights.
        logger: gets a line on which weights of a file do not fit.
    """
    for name, companion in method.companions.items():
        if companion.weights == "student":
            networks[name].load_state_dict(networks[STUDENT].state_dict(), strict=True)
        else:
            own = derive_seed("scratch", seed, name)
            set_start_weights(networks[name], stage, own, None, logger)


def set_modes(networks: Mapping[str, nn.Module], method: Method) -> None:
    """Bring what is trained into train mode, and all else into eval mode."""
    for name, network in networks.items():
        # As mmengine's loops do: backbones apply frozen_stages and norm_eval in train().
        network.train(name == STUDENT or method.companions[name].trained)


def trained_companions(networks: Mapping[str, nn.Module], method: Method) -> list[nn.Module]:
    """Return the companions that the optimiser moves."""
    return [networks[name] for name, companion in method.companions.items() if companion.trained]
