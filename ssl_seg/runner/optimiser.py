"""The optimiser of a training, which may move more than one network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from mmengine.optim import OptimWrapper, build_optim_wrapper
from torch import nn

from ssl_seg.core.errors import UserError


def build_optimiser(
    student: nn.Module, companions: Sequence[nn.Module], config: Mapping[str, Any]
) -> OptimWrapper:
    """Build the optimiser of a student and its companions, each set parameter by parameter alike.

    Args:
        student: its parameters come first.
        companions: that are trained too.
        config: mmengine's ``optim_wrapper``.

    Raises:
        UserError: gradients are clipped, which would couple the networks, or the config's
            constructor makes several optimisers.
    """
    wrapper = build_optim_wrapper(student, deepcopy(dict(config)))
    if not companions:
        return wrapper
    if config.get("clip_grad"):
        raise UserError(
            "optim_wrapper.clip_grad: the method trains two networks, whose gradients would be "
            "clipped by their common norm, so that one held the other back; leave it out and warm "
            "the learning rate up instead (LinearLR first in param_scheduler)"
        )
    if not hasattr(wrapper, "optimizer"):
        raise UserError(
            "optim_wrapper.constructor: the method trains two networks by one optimiser, but this "
            "constructor makes several; leave it out and set learning rates by paramwise_cfg"
        )
    for companion in companions:
        for group in build_optim_wrapper(companion, deepcopy(dict(config))).param_groups:
            wrapper.optimizer.add_param_group(group)
    return wrapper
