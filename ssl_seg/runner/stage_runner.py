"""mmengine's Runner for one train stage: starts, resumes and logs as the plan says."""

from __future__ import annotations

import logging
from collections.abc import Callable
from copy import deepcopy
from itertools import count
from pathlib import Path
from typing import Any, final

import torch
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner

from ssl_seg.core.stage import MODEL_FILE, TrainStage
from ssl_seg.methods.of_stage import method_of
from ssl_seg.registry import SCOPE
from ssl_seg.runner import amp, checkpoint, loop, models  # noqa: F401 - amp and loop register
from ssl_seg.runner.batches import Batches
from ssl_seg.runner.environment import device_name, versions
from ssl_seg.runner.networks import networks_of, start_companions, trained_companions
from ssl_seg.runner.optimiser import build_optimiser
from ssl_seg.runner.start_weights import set_start_weights
from ssl_seg.store.store import Store

_TRAININGS = count()
"""Numbers the trainings of this process."""


@final
class StageRunner(Runner):
    """mmengine's Runner for one stage, which starts and resumes as the plan says.

    Args:
        stage: what to train.
        seed: of the scratch weights.
        start: weights to start from, or ``None`` for scratch.
        running: where the checkpoints lie.
        kwargs: of mmengine's Runner.
    """

    def __init__(
        self, stage: TrainStage, seed: int, start: Path | None, running: Path, **kwargs: Any
    ) -> None:
        self._stage = stage
        self._scratch_seed = seed
        self._start = start
        self._running = running
        self.method = method_of(stage)
        super().__init__(**kwargs)
        self.networks = networks_of(self.method, self.model)

    def build_logger(self, **kwargs: Any) -> MMLogger:
        """Write everything to the log file and only losses and warnings to the console."""
        built = super().build_logger(**kwargs)
        for handler in built.handlers:
            if not isinstance(handler, logging.FileHandler):
                handler.addFilter(_is_for_people)
        return built

    def _log_env(self, env_cfg: dict[str, Any]) -> None:
        """Note versions and device; mmengine's own report calls compilers and torchvision."""
        del env_cfg
        self.logger.info("%s on %s, %s", self._stage.title, device_name(), versions())

    def build_optim_wrapper(self, optim_wrapper: Any) -> OptimWrapper:
        """Build the optimiser of the student and of those companions that are trained."""
        companions = trained_companions(self.networks, self.method)
        return build_optimiser(self.model, companions, optim_wrapper)

    def _init_model_weights(self) -> None:
        """Draw the scratch weights, or load a weight file or an ancestor's weights over them."""
        set_start_weights(self.model, self._stage, self._scratch_seed, self._start, self.logger)
        start_companions(self.networks, self.method, self._stage, self._scratch_seed, self.logger)

    def load_or_resume(self) -> None:
        """Go on from the newest whole checkpoint, if there is one."""
        state = checkpoint.newest(self._running)
        if state is not None:
            checkpoint.restore(self, state)
            self.logger.info("going on from iteration %d", state["meta"]["iter"])


def _is_for_people(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.getMessage().startswith("Iter(train)")


def stage_runner(
    stage: TrainStage,
    store: Store,
    running: Path,
    loader: Batches,
    seed: int,
    hooks: list[Hook],
    advance: Callable[[int], None],
) -> StageRunner:
    """Build the model, optimiser, schedules and hooks of a stage; nothing is trained yet.

    Args:
        stage: what to train.
        store: holds the weights that the stage starts from, and the logs.
        running: folder of the checkpoints.
        loader: opens the stage's batches.
        seed: of the scratch weights.
        hooks: besides those of the config.
        advance: called with the iterations done.
    """
    config, neutral = stage.config, stage.config.neutral
    torch.manual_seed(seed)
    model = models.for_training(stage)
    progress = checkpoint.ProgressHook(
        running,
        neutral.checkpoint_interval,
        max(neutral.checkpoints_kept or checkpoint.KEPT, checkpoint.KEPT),
        advance,
    )
    backends = list(neutral.vis_backends) or [{"type": "LocalVisBackend"}]
    visualizer = {
        "type": "Visualizer",
        "vis_backends": backends,
        **(neutral.visualizer or {}),
    }
    # mmengine keeps loggers, visualizers and scopes by name as long as the process lives; with a
    # name of its own each training writes to its own work dir.
    name = f"{stage.fingerprint}-{next(_TRAININGS)}"
    return StageRunner(
        stage,
        seed,
        None if stage.start is None else store.path(stage.start) / MODEL_FILE,
        running,
        model=model,
        work_dir=str(store.work_dir / "logs" / _log_name(stage)),
        train_dataloader=loader,
        train_cfg={"type": "SeededLoop", "max_iters": stage.size, "seed": stage.seed},
        optim_wrapper=deepcopy(config.optim_wrapper),
        param_scheduler=deepcopy(list(config.param_scheduler)) or None,
        # The last two are ours: the order of samples and what is kept are the stage's business.
        default_hooks={
            **deepcopy(neutral.hooks),
            **deepcopy(config.hooks),
            "sampler_seed": None,
            "checkpoint": None,
        },
        custom_hooks=[*deepcopy(config.custom_hooks), *hooks, progress],
        env_cfg=deepcopy(config.env_cfg or {"dist_cfg": {"backend": "nccl"}}),
        log_processor=deepcopy(neutral.log_processor) or {"by_epoch": False},
        log_level=neutral.log_level,
        visualizer={**visualizer, "name": name},
        default_scope=SCOPE,
        randomness={"seed": seed},
        experiment_name=name,
    )


def _log_name(stage: TrainStage) -> str:
    """Name of the folder below ``work_dir/logs`` that a training writes its logs to."""
    fold = None if stage.fold is None else f"fold{stage.fold}"
    parts = (stage.role, stage.generation, fold, stage.view, stage.section, stage.fingerprint[:8])
    return "-".join(str(part) for part in parts if part is not None)
