"""The weights that a training starts from."""

from __future__ import annotations

from collections.abc import Mapping
from logging import Logger
from pathlib import Path

import torch
from torch import nn

from ssl_seg.core.errors import UserError
from ssl_seg.core.fingerprint import derive_seed
from ssl_seg.core.stage import TrainStage
from ssl_seg.runner import checkpoint
from ssl_seg.runner.finite import require_finite_model


def set_start_weights(
    model: nn.Module, stage: TrainStage, seed: int, start: Path | None, logger: Logger
) -> None:
    """Draw the scratch weights, or load a weight file or an ancestor's weights over them.

    Args:
        model: as built.
        stage: of the training.
        seed: of the scratch weights.
        start: the ancestor's model file; ``None`` starts from scratch.
        logger: gets a line on which weights of a file do not fit.

    Raises:
        UserError: no weight of a file fits, or one is not finite.
    """
    torch.manual_seed(seed)
    load_from = stage.config.load_from
    if start is None:
        model.init_weights()  # type: ignore[operator]
        files = stage.config.neutral.weight_files
        if load_from is not None:
            _load_matching(model, Path(files[load_from]), logger)
        elif not files:
            logger.info("no weight file is named: the model starts from random weights")
    else:
        state = checkpoint.load(start)["state_dict"]
        model.load_state_dict(state, strict=True)
        if stage.redraw and hasattr(model, "redraw"):
            torch.manual_seed(derive_seed("redraw", stage.seed))
            model.redraw()  # type: ignore[operator]
    named = None if load_from is None else stage.config.neutral.weight_files[load_from]
    require_finite_model(
        model, start or named or "the weight files that the model's init_cfg names"
    )


def _load_matching(model: nn.Module, path: Path, logger: Logger) -> None:
    """Load the weights of a file that fit by name and shape, and say which do not."""
    loaded = checkpoint.load(path)
    weights = loaded.get("state_dict", loaded)
    if not isinstance(weights, Mapping):
        raise UserError(f"{path}: expected a dict of weights, got {type(weights).__name__}")
    own = model.state_dict()
    fitting = {
        name: value
        for name, value in weights.items()
        if name in own and own[name].shape == value.shape
    }
    if not fitting:
        raise UserError(f"load_from: no weight in {path} fits the model by name and shape")
    model.load_state_dict(fitting, strict=False)
    left = sorted(set(own) - set(fitting))
    logger.info(
        "load_from %s: %d weights loaded, kept from the start: %s",
        path,
        len(fitting),
        left or "none",
    )
