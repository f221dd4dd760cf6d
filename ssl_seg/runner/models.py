"""Models from a stage's config: built alike for training, labelling and prediction."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from mmengine.config import ConfigDict
from mmengine.device import get_device
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import DefaultScope
from torch import nn

from ssl_seg.config.weights import unmark
from ssl_seg.core.brief import brief
from ssl_seg.core.errors import UserError
from ssl_seg.core.stage import TrainStage
from ssl_seg.models import rstn  # noqa: F401 - registers RSTN
from ssl_seg.models.mixed_space import supervise_in
from ssl_seg.models.pixel_weights import weigh_pixels
from ssl_seg.registry import MODELS, SCOPE
from ssl_seg.runner import checkpoint
from ssl_seg.runner.finite import require_finite_model


def build(config: Mapping[str, Any]) -> nn.Module:
    """Build a model with the layout that convolutions are fastest in.

    Synchronised batch normalisation, which mmsegmentation's base configs use, becomes the plain
    kind: a stage trains in one process.
    """
    enter_scope()
    # mmsegmentation reads parts of its config as attributes, and building pops keys out of it.
    with warnings.catch_warnings():
        # mmsegmentation's own heads call a function that it warns of.
        warnings.filterwarnings("ignore", message="``build_loss`` would be deprecated")
        # Two classes by softmax are as good as any number of them.
        warnings.filterwarnings("ignore", message="For binary segmentation, we suggest using")
        model = revert_sync_batchnorm(MODELS.build(ConfigDict(deepcopy(dict(config)))))
    # Channels-last is 1.4 times faster on a CPU and what tensor cores want on a GPU.
    built: nn.Module = model.to(memory_format=torch.channels_last)
    return built


def for_training(stage: TrainStage) -> nn.Module:
    """Build the model of a train stage, whose heads learn in the spaces of all its sources.

    Raises:
        UserError: it cannot be built, or a head cannot learn from labels of a coarser space or
            with a weight for each pixel.
    """
    model = build(unmark(stage.config.model, stage.config.neutral.weight_files))
    if stage.reductions:
        supervise_in(model, stage.reductions)
    if stage.config.pseudo_labels is not None and stage.config.pseudo_labels.weight:
        weigh_pixels(model)
    return model


def trained(config: Mapping[str, Any], weights: Path) -> nn.Module:
    """Build a model, load trained weights into it, and make it ready to predict.

    Raises:
        UserError: the weights do not fit the model, or are not finite.
    """
    model = build(config)
    loaded = checkpoint.load(weights)
    state = loaded.get("state_dict", loaded)
    if not isinstance(state, Mapping):
        raise UserError(f"{weights}: expected a dict of weights, got {type(state).__name__}")
    _require_fit(model, state, weights)
    model.load_state_dict(state, strict=True)
    require_finite_model(model, weights)
    return model.to(get_device()).eval()


def _require_fit(model: nn.Module, state: Mapping[str, Any], path: Path) -> None:
    """Refuse the weights of another model; torch's own error lists hundreds of names."""
    own = model.state_dict()
    problems = {
        "lacks": sorted(own.keys() - state.keys()),
        "has besides": sorted(state.keys() - own.keys()),
        "has in other shapes": [
            f"{name} {tuple(getattr(state[name], 'shape', ()))} instead of {tuple(value.shape)}"
            for name, value in own.items()
            if name in state and getattr(state[name], "shape", None) != value.shape
        ],
    }
    if any(problems.values()):
        told = "; it ".join(
            f"{what} {brief(names, 3)}" for what, names in problems.items() if names
        )
        raise UserError(
            f"{path}: these are not weights of the config's model: it {told}; name the config that "
            "the model was trained with, or weights of this one"
        )


def enter_scope() -> None:
    """Make mmengine look types up among ours first."""
    # The scope that was made last counts, and mmsegmentation's own functions make theirs.
    DefaultScope._instance_dict.pop(SCOPE, None)
    DefaultScope.get_instance(SCOPE, scope_name=SCOPE)
