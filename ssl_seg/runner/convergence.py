"""A training that does not converge starts again from other weights.

RSTN's first section sometimes stays where it starts; the reference code (OrganSegRSTN v2.0,
``indiv_training.py``) looks at its last losses and begins anew.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any, TypeVar, final

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ssl_seg.core.fingerprint import derive_seed
from ssl_seg.core.stage_config import ConvergenceRule
from ssl_seg.runner import checkpoint
from ssl_seg.runner.finite import NotFiniteError
from ssl_seg.store.atomic import write_json

logger = logging.getLogger(__name__)

R = TypeVar("R", bound=Runner)
_STATE = "last_losses"
_ATTEMPT = "attempt.json"


@final
class LastLosses(Hook):
    """Keeps the total loss of the last iterations, also over an interruption.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._losses: list[float] = []

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Take the loss of an iteration."""
        self._losses = [*self._losses, float(outputs["loss"].detach())][-self._count :]

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Save them."""
        checkpoint[_STATE] = torch.tensor(self._losses, dtype=torch.float64)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Go on with those that were saved."""
        self._losses = checkpoint[_STATE].tolist()

    def has_converged(self, mean: float, least: float) -> bool:
        """Say whether the mean of the losses is below a limit, and the least below another."""
        return sum(self._losses) / len(self._losses) < mean and min(self._losses) < least


def train_until_converged(
    rule: ConvergenceRule | None,
    iterations: int,
    running: Path,
    seed: int,
    train: Callable[[int, list[Hook]], R],
) -> tuple[R, dict[str, Any]]:
    """Train, and train again from other weights as long as the last losses are too high.

    Args:
        rule: when to stop; ``None`` trains once.
        iterations: of one training.
        running: holds the checkpoints of the training that goes on, and which attempt it is.
        seed: of the first attempt's weights.
        train: trains with a seed and further hooks, from the newest checkpoint if there is one.

    Returns:
        The last runner, and ``attempts`` and ``converged`` for the manifest.

    Raises:
        NotFiniteError: the last attempt diverged.
    """
    if rule is None:
        return train(seed, []), {}
    record = running / _ATTEMPT
    attempt = json.loads(record.read_text())["attempt"] if record.is_file() else 1
    while True:
        losses = LastLosses(ceil(rule.window * iterations))
        own = seed if attempt == 1 else derive_seed("attempt", seed, attempt)
        try:
            runner = train(own, [losses])
        except NotFiniteError as error:
            if attempt == rule.attempts:
                raise
            logger.warning("%s", error)
        else:
            converged = losses.has_converged(rule.mean, rule.least)
            if converged or attempt == rule.attempts:
                break
        logger.warning(
            "the training has not converged: the last losses are not below %s on average and %s at "
            "least, or not finite; attempt %d of %d starts from other weights",
            rule.mean,
            rule.least,
            attempt + 1,
            rule.attempts,
        )
        # In this order: killed in between, the same attempt is made again.
        checkpoint.clear(running)
        attempt += 1
        write_json(record, {"attempt": attempt})
    if not converged:
        logger.warning("the training has not converged in %d attempts; it is kept", attempt)
    return runner, {"attempts": attempt, "converged": converged}
