"""Learning rates and weight decay by parameter, as RSTN is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, final

from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from ssl_seg.core.errors import UserError
from ssl_seg.models.rstn.network import RSTNetwork
from ssl_seg.registry import OPTIM_WRAPPER_CONSTRUCTORS, suggestion

DEFAULTS = {"fine_lr_mult": 10.0, "bias_lr_mult": 2.0}
"""Factors of the learning rate as published."""


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
@final
class RSTNOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Builds an optimiser whose groups have the learning rates of the published networks.

    The coarse network learns at the optimiser's ``lr``, the saliency transformation and the fine
    network at 10 times it; biases at twice their weights' and without weight decay. Bilinear
    upsampling is not among the parameters.

    Args:
        optim_wrapper_cfg: as mmengine's constructor takes it.
        paramwise_cfg: other factors than `DEFAULTS`.

    Raises:
        UserError: an unknown factor, or the optimiser has no ``lr``; or, when called, the model
            is no RSTN.
    """

    def __init__(
        self,
        optim_wrapper_cfg: dict[str, Any],
        paramwise_cfg: Mapping[str, float] | None = None,
    ) -> None:
        given = dict(paramwise_cfg or {})
        if unknown := [key for key in given if key not in DEFAULTS]:
            raise UserError(
                f"optim_wrapper.paramwise_cfg: {type(self).__name__} knows no {unknown[0]!r}"
                + suggestion(unknown[0], DEFAULTS)
            )
        super().__init__(optim_wrapper_cfg, {**DEFAULTS, **given})
        if self.base_lr is None:
            raise UserError(
                "optim_wrapper.optimizer.lr must be given, as parts learn at 10 times it"
            )

    def add_params(self, params: list[dict[str, Any]], module: nn.Module, **_: Any) -> None:
        """Add the parameters of a model that has an RSTN as ``network`` to the groups."""
        network = getattr(module, "network", None)
        if not isinstance(network, RSTNetwork):
            raise UserError(
                f"optim_wrapper.constructor: {type(self).__name__} is for models of type 'RSTN', "
                f"got {type(module).__name__}"
            )
        params += parameter_groups(network, self.base_lr, **self.paramwise_cfg)


def parameter_groups(
    network: RSTNetwork, lr: float, *, fine_lr_mult: float, bias_lr_mult: float
) -> list[dict[str, Any]]:
    """Return four groups for an optimiser: coarse weights and biases, then those of the rest.

    Weights have the optimiser's own weight decay.
    """
    groups: list[dict[str, Any]] = []
    for parts, rate in (
        ([network.coarse], lr),
        ([network.saliency, network.fine], lr * fine_lr_mult),
    ):
        weights, biases = _weights_and_biases(parts)
        groups += [
            {"params": weights, "lr": rate},
            {"params": biases, "lr": rate * bias_lr_mult, "weight_decay": 0.0},
        ]
    return groups


def _weights_and_biases(
    parts: Iterable[nn.Module],
) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    weights: list[nn.Parameter] = []
    biases: list[nn.Parameter] = []
    for part in parts:
        for name, parameter in part.named_parameters():
            if parameter.requires_grad:
                (biases if name.endswith("bias") else weights).append(parameter)
    return weights, biases
