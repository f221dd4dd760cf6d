"""Resumable checkpoints: whole or not there, and plain enough for ``weights_only=True``."""

from __future__ import annotations

import hashlib
import io
import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, final

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from ssl_seg.core.errors import UserError
from ssl_seg.methods.step import STUDENT
from ssl_seg.runner.finite import require_finite_training
from ssl_seg.store.atomic import write_bytes

logger = logging.getLogger(__name__)

KEPT = 2
"""Checkpoints kept while training: the newest, and the one to fall back to."""

_NAME = re.compile(r"iter_(\d+)\.([0-9a-f]{16})\.pth")


def to_bytes(value: Mapping[str, Any]) -> bytes:
    """Serialise tensors and plain values; equal values give equal bytes."""
    buffer = io.BytesIO()
    torch.save(dict(value), buffer)
    return buffer.getvalue()


def load(path: Path, data: bytes | None = None) -> dict[str, Any]:
    """Load a checkpoint to the CPU; only tensors and plain values are accepted.

    Args:
        path: of the file.
        data: its content, if it has been read already.

    Raises:
        UserError: the file holds anything else, or is no checkpoint.
    """
    source = path if data is None else io.BytesIO(data)
    try:
        loaded: Any = torch.load(source, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds, which all mean this
        raise UserError(
            f"{path}: expected a weight file of tensors and plain values, which loads with "
            "weights_only=True; export the state dict alone to a new file"
        ) from error
    if not isinstance(loaded, dict):
        raise UserError(f"{path}: expected a dict of weights, got {type(loaded).__name__}")
    return loaded


def save_progress(folder: Path, iteration: int, value: Mapping[str, Any], kept: int = KEPT) -> None:
    """Write a checkpoint whose name states its hash, then remove all but the newest ones."""
    data = to_bytes(value)
    digest = hashlib.sha256(data).hexdigest()[:16]
    write_bytes(folder / f"iter_{iteration}.{digest}.pth", data)
    for _, path in _listed(folder)[kept:]:
        path.unlink()


def newest(folder: Path) -> dict[str, Any] | None:
    """Return the newest checkpoint whose content agrees with its name, or ``None``."""
    for _, path in _listed(folder):
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest()[:16] == path.name.split(".")[1]:
            return load(path, data)
        logger.warning("%s is torn; falling back to the checkpoint before it", path)
    return None


def clear(folder: Path) -> None:
    """Remove all checkpoints."""
    for _, path in _listed(folder):
        path.unlink()


def _listed(folder: Path) -> list[tuple[int, Path]]:
    """Return the checkpoints, newest first."""
    found = ((_NAME.fullmatch(path.name), path) for path in folder.glob("iter_*.pth"))
    return sorted(((int(match[1]), path) for match, path in found if match), reverse=True)


def state_of(runner: Runner, iteration: int) -> dict[str, Any]:
    """Return all that a training needs to go on: weights, optimiser, schedules, hooks' state.

    The keys are mmengine's, so that its hooks (EMA) find and add what they expect.

    Args:
        runner: of the training.
        iteration: that it has finished.

    Raises:
        UserError: a weight is not finite: nobody could go on from it.
    """
    schedulers = runner.param_schedulers or []
    state = {
        "meta": {"iter": iteration, "epoch": 0},
        "state_dict": weights_of(runner.model),
        "networks": {
            name: weights_of(network)
            for name, network in runner.networks.items()
            if name != STUDENT
        },
        "message_hub": {},
        "optimizer": runner.optim_wrapper.state_dict(),
        "param_schedulers": [scheduler.state_dict() for scheduler in schedulers],
    }
    runner.call_hook("before_save_checkpoint", checkpoint=state)
    # What hooks made of the weights counts, such as averages.
    require_finite_training(state["state_dict"], runner.model, iteration)
    return state


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """Return a network's parameters and buffers on the CPU."""
    return {name: value.cpu() for name, value in network.state_dict().items()}


def restore(runner: Runner, state: dict[str, Any]) -> None:
    """Bring a runner whose optimiser and schedules are built to a saved state."""
    # EMAHook decides by this flag whether it finds its averages or starts them anew.
    runner._resume = True
    runner.call_hook("after_load_checkpoint", checkpoint=state)
    runner.model.load_state_dict(state["state_dict"], strict=True)
    for name, weights in state["networks"].items():
        runner.networks[name].load_state_dict(weights, strict=True)
    runner.optim_wrapper.load_state_dict(state["optimizer"])
    schedulers = runner.param_schedulers or []
    for scheduler, saved in zip(schedulers, state["param_schedulers"], strict=True):
        scheduler.load_state_dict(saved)
    runner.train_loop.iteration = state["meta"]["iter"]


@final
class ProgressHook(Hook):
    """Saves resumable checkpoints and says how far the training is.

    Args:
        folder: of the checkpoints.
        interval: iterations between two checkpoints.
        kept: how many are kept.
        advance: called with the iterations done.
    """

    # Below every other hook, so that their state is that of the finished iteration.
    priority = "LOWEST"

    def __init__(
        self, folder: Path, interval: int, kept: int, advance: Callable[[int], None]
    ) -> None:
        self._folder = folder
        self._interval = interval
        self._kept = kept
        self._advance = advance

    def before_train(self, runner: Runner) -> None:
        """Tell where the training goes on from."""
        self._advance(runner.iter)

    def after_train_iter(self, runner: Runner, *_: Any, **__: Any) -> None:
        """Note the finished iteration; the loop counts it only after the hooks."""
        done = runner.iter + 1
        self._advance(done)
        if done % self._interval == 0 and done < runner.max_iters:
            save_progress(self._folder, done, state_of(runner, done), self._kept)
