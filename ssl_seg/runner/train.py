"""Train one model with mmengine's Runner."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, final

import torch
from mmengine.dataset import pseudo_collate
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Sampler

from ssl_seg.config.check import DEFAULT_INTERVAL
from ssl_seg.config.weights import unmark
from ssl_seg.core.errors import UserError
from ssl_seg.core.fingerprint import derive_seed
from ssl_seg.core.stage import MODEL_FILE, Source, TrainStage
from ssl_seg.data import transforms  # noqa: F401 - registers the transforms
from ssl_seg.data.oversampling import held_classes, repeat_counts
from ssl_seg.data.pseudo_labels import PseudoLabels
from ssl_seg.data.sample_order import SampleIndex, SampleOrder
from ssl_seg.data.training_set import LabeledImages, Samples, TrainingSet
from ssl_seg.data.volumes.labeled_slices import LabeledSlices, filter_slices
from ssl_seg.models.mixed_space import supervise_in
from ssl_seg.registry import SCOPE
from ssl_seg.runner import amp, checkpoint, loop, models  # noqa: F401 - amp and loop register
from ssl_seg.runner.convergence import train_until_converged
from ssl_seg.runner.environment import device_name, prepare_process, versions
from ssl_seg.runner.finite import require_finite_model
from ssl_seg.runner.volume_cache import volume_cache
from ssl_seg.store.atomic import write_bytes, write_json
from ssl_seg.store.store import Store

logger = logging.getLogger(__name__)

_TRAININGS = count()
"""Numbers the trainings of this process."""


def run(
    stage: TrainStage, store: Store, running: Path, advance: Callable[[int], None]
) -> dict[str, Any]:
    """Train the stage's model, going on from the newest checkpoint in ``running``.

    Writes ``out/model.pth`` (``state_dict`` and ``meta``, as mmsegmentation's ``init_model``
    expects) and ``out/environment.json``.

    Returns:
        What the artifact's manifest says of it: role, generation, fold, iterations, sources.
    """
    prepare_process(stage.recipe["threads"])
    models.enter_scope()
    sources = _open_all(stage, store, running)
    loader = _Loader(stage, sources)

    def train(seed: int, hooks: list[Hook]) -> _StageRunner:
        runner = _runner(stage, store, running, loader, seed, hooks, advance)
        runner.train()
        return runner

    # What starts from trained weights has none of its own to draw again.
    rule = stage.recipe["convergence"] if stage.start is None else None
    runner, convergence = train_until_converged(
        rule, stage.size, running, stage.scratch_seed, train
    )
    _write_model(runner, stage, running / "out")
    return {
        "role": stage.role,
        "generation": stage.generation,
        "fold": stage.fold,
        "view": stage.view,
        "section": stage.section,
        "iterations": stage.size,
        **convergence,
        "sources": [
            {
                "kind": opened.source.kind,
                "cases": len(opened.source.cases),
                "written_by": opened.source.written_by,
                "coverage": 1.0 if opened.pseudo is None else opened.pseudo.coverage,
            }
            for opened in sources
        ],
    }


def _open_all(stage: TrainStage, store: Store, running: Path) -> list[Samples]:
    """Open the sources: images, or slices of volumes without those that hold too little."""
    cache = volume_cache(stage.recipe, stage.settings, store)
    # A student's pseudo labels are cut into slices for it alone, and go with its checkpoints.
    passing = volume_cache(stage.recipe, stage.settings, store, running / "slices")
    if stage.view is None or cache is None or passing is None:
        return [
            LabeledImages(source, _pseudo_labels(source, store, stage)) for source in stage.sources
        ]
    slices = [
        LabeledSlices(source, _pseudo_labels(source, store, stage), stage.view, cache, passing)
        for source in stage.sources
    ]
    if (threshold := stage.recipe["slice_threshold"]) is not None:
        filter_slices(slices, threshold)
    for opened in slices:
        # Nothing is left where a teacher found nothing; the others' slices then make all samples.
        level = logging.INFO if len(opened) else logging.WARNING
        kind = opened.source.kind
        logger.log(level, "%s: %d slices of the %s cases", stage.title, len(opened), kind)
    return list(slices)


def _pseudo_labels(source: Source, store: Store, stage: TrainStage) -> PseudoLabels | None:
    if source.written_by is None:
        return None
    folder = store.path(source.written_by)
    pseudo = PseudoLabels(folder, source.values, **stage.recipe["pseudo_labels"])
    if pseudo.coverage < 1:
        logger.info(
            "%s: %.1f %% of the pseudo-labeled pixels are kept",
            stage.title,
            100 * pseudo.coverage,
        )
    return pseudo


@final
class _Loader:
    """Opens the stage's batches at any iteration."""

    def __init__(self, stage: TrainStage, sources: list[Samples]) -> None:
        self._stage = stage
        self.dataset = TrainingSet(sources, stage.space, stage.seed)
        self._order = SampleOrder(
            [opened.source.kind for opened in sources],
            [len(opened) for opened in sources],
            stage.recipe.get("mix", "concat"),
            stage.seed,
            _repeats(stage, sources),
        )

    def __len__(self) -> int:
        """Number of batches, which mmengine takes for the length of an epoch."""
        return self._stage.size

    def __call__(self, start: int) -> Iterable[Any]:
        """Return the batches from iteration ``start`` to the end."""
        size, end = self._stage.recipe["batch_size"], self._stage.size
        batches = _Batches(partial(self._order.batches, size, start, end))
        settings = dict(self._stage.settings["loader"])
        if not settings.get("num_workers"):
            settings = {"num_workers": 0}
        return DataLoader(
            self.dataset, batch_sampler=batches, collate_fn=pseudo_collate, **settings
        )


def _repeats(stage: TrainStage, sources: list[Samples]) -> list[list[int]] | None:
    """Return for each source how often each case stands in one pass; ``None`` is once."""
    threshold = stage.recipe.get("oversample")
    if threshold is None:
        return None
    repeats = [
        repeat_counts(held_classes(opened.source, opened.pseudo), threshold) for opened in sources
    ]
    for opened, counts in zip(sources, repeats, strict=True):
        logger.info(
            "%s: %d %s cases stand %d times in one pass, for their rare classes",
            stage.title,
            len(counts),
            opened.source.kind,
            sum(counts),
        )
    return repeats


@final
class _Batches(Sampler[list[SampleIndex]]):
    """What a loader asks for as batch sampler: can be iterated anew."""

    def __init__(self, batches: Callable[[], Iterator[list[SampleIndex]]]) -> None:
        self._batches = batches

    def __iter__(self) -> Iterator[list[SampleIndex]]:
        return self._batches()


@final
class _StageRunner(Runner):
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
        super().__init__(**kwargs)

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

    def _init_model_weights(self) -> None:
        """Draw the scratch weights, or load a weight file or an ancestor's weights over them."""
        torch.manual_seed(self._scratch_seed)
        if self._start is None:
            self.model.init_weights()
            files = self._stage.settings["weight_files"]
            load_from = self._stage.recipe["load_from"]
            if load_from is not None:
                _load_matching(self, Path(files[load_from]))
            elif not files:
                self.logger.info("no weight file is named: the model starts from random weights")
        else:
            state = checkpoint.load(self._start)["state_dict"]
            self.model.load_state_dict(state, strict=True)
            if self._stage.redraw and hasattr(self.model, "redraw"):
                torch.manual_seed(derive_seed("redraw", self._stage.seed))
                self.model.redraw()
        load_from = self._stage.recipe["load_from"]
        source = self._start or load_from or "the weight files that the model's init_cfg names"
        require_finite_model(self.model, source)

    def load_or_resume(self) -> None:
        """Go on from the newest whole checkpoint, if there is one."""
        state = checkpoint.newest(self._running)
        if state is not None:
            checkpoint.restore(self, state)
            self.logger.info("going on from iteration %d", state["meta"]["iter"])


def _is_for_people(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.getMessage().startswith("Iter(train)")


def _load_matching(runner: Runner, path: Path) -> None:
    """Load the weights of a file that fit by name and shape, and say which do not."""
    loaded = checkpoint.load(path)
    weights = loaded.get("state_dict", loaded)
    own = runner.model.state_dict()
    fitting = {
        name: value
        for name, value in weights.items()
        if name in own and own[name].shape == value.shape
    }
    if not fitting:
        raise UserError(f"load_from: no weight in {path} fits the model by name and shape")
    runner.model.load_state_dict(fitting, strict=False)
    left = sorted(set(own) - set(fitting))
    runner.logger.info(
        "load_from %s: %d weights loaded, kept from the start: %s",
        path,
        len(fitting),
        left or "none",
    )


def _runner(
    stage: TrainStage,
    store: Store,
    running: Path,
    loader: _Loader,
    seed: int,
    hooks: list[Hook],
    advance: Callable[[int], None],
) -> _StageRunner:
    recipe, settings = stage.recipe, stage.settings
    torch.manual_seed(seed)
    model = models.build(unmark(recipe["model"], settings["weight_files"]))
    if stage.reductions:
        supervise_in(model, stage.reductions)
    neutral = settings["hooks"]
    saving = neutral.get("checkpoint") or {}
    progress = checkpoint.ProgressHook(
        running,
        saving.get("interval", DEFAULT_INTERVAL),
        max(saving.get("max_keep_ckpts", checkpoint.KEPT), checkpoint.KEPT),
        advance,
    )
    watching = {key: neutral[key] for key in ("timer", "logger", "runtime_info") if key in neutral}
    backends = settings.get("vis_backends") or [{"type": "LocalVisBackend"}]
    visualizer = {"type": "Visualizer", "vis_backends": backends, **settings.get("visualizer", {})}
    # mmengine keeps loggers, visualizers and scopes by name as long as the process lives; with a
    # name of its own each training writes to its own work dir.
    name = f"{stage.fingerprint}-{next(_TRAININGS)}"
    return _StageRunner(
        stage,
        seed,
        None if stage.start is None else store.path(stage.start) / MODEL_FILE,
        running,
        model=model,
        work_dir=str(store.work_dir / "logs" / _log_name(stage)),
        train_dataloader=loader,
        train_cfg={"type": "SeededLoop", "max_iters": stage.size, "seed": stage.seed},
        optim_wrapper=deepcopy(recipe["optim_wrapper"]),
        param_scheduler=deepcopy(recipe.get("param_scheduler")),
        # The last two are ours: the order of samples and what is kept are the stage's business.
        default_hooks={
            **deepcopy(watching),
            **deepcopy(recipe["hooks"]),
            "sampler_seed": None,
            "checkpoint": None,
        },
        custom_hooks=[*deepcopy(recipe["custom_hooks"]), *hooks, progress],
        env_cfg=deepcopy(recipe.get("env_cfg", {"dist_cfg": {"backend": "nccl"}})),
        log_processor=deepcopy(settings.get("log_processor")) or {"by_epoch": False},
        log_level=settings.get("log_level", "INFO"),
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


def _write_model(runner: Runner, stage: TrainStage, out: Path) -> None:
    state = checkpoint.state_of(runner, stage.size)
    meta = {
        "iter": stage.size,
        "dataset_meta": {
            "classes": list(stage.space.classes),
            "palette": [list(colour) for colour in stage.space.palette],
        },
    }
    model = {"meta": meta, "state_dict": state["state_dict"]}
    write_bytes(out / MODEL_FILE, checkpoint.to_bytes(model))
    write_json(out / "environment.json", {"device": device_name(), "versions": versions()})
