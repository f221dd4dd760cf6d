"""One training step as a train stage will make it, before anything is trained."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from math import ceil, prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mmengine.device import get_device
from mmengine.registry import PARAM_SCHEDULERS

from ssl_seg.core.errors import UserError
from ssl_seg.core.stage import Source, TrainStage
from ssl_seg.core.stage_config import TrainConfig
from ssl_seg.data.pseudo_labels import PseudoLabels
from ssl_seg.data.sample_order import SampleIndex
from ssl_seg.data.training_set import Copies, TrainingSet
from ssl_seg.methods.of_stage import method_of
from ssl_seg.runner import amp, models  # noqa: F401 - amp registers its wrapper
from ssl_seg.runner.batches import collated
from ssl_seg.runner.environment import prepare_process
from ssl_seg.runner.failures import explained
from ssl_seg.runner.finite import NotFiniteError
from ssl_seg.runner.loop import learn, step_of
from ssl_seg.runner.made_up_labels import MadeUpLabels
from ssl_seg.runner.networks import (
    networks_of,
    set_modes,
    start_companions,
    trained_companions,
)
from ssl_seg.runner.optimiser import build_optimiser
from ssl_seg.runner.sample_sizes import SizesOf, representatives
from ssl_seg.runner.sources import open_sources
from ssl_seg.runner.start_weights import set_start_weights
from ssl_seg.store.store import Store

logger = logging.getLogger(__name__)

_DRAWS = 2
"""How often each case goes through the pipeline: what is drawn at random may change its size."""

Sample = list[Mapping[str, Any]]
"""The packed copies of one sample."""


def try_training(stage: TrainStage, store: Store, sizes_of: SizesOf) -> None:
    """Make one step: read samples, build the model and its optimiser, learn from a batch.

    Args:
        stage: with the cases of all stages that it stands for.
        store: whose cache of volumes is used.
        sizes_of: the sizes of cases.

    Raises:
        UserError: it is not possible; names the stage, the cause and what to do.
    """
    prepare_process(stage.config.threads)
    models.enter_scope()
    attempt = "building the model"
    try:
        model = models.for_training(stage)
        set_start_weights(model, stage, stage.scratch_seed, None, logger)
        model.to(get_device())
        method = method_of(stage)
        networks = networks_of(method, model)
        start_companions(networks, method, stage, stage.scratch_seed, logger)
        set_modes(networks, method)
        attempt = "building the optimiser"
        companions = trained_companions(networks, method)
        optimiser = build_optimiser(model, companions, stage.config.optim_wrapper)
        _build_schedules(stage, optimiser)
        attempt = "reading samples"
        samples = _samples(stage, store, sizes_of, method.copies)
        _require_equal_channels(samples)
        for batch in _batches(samples, stage.config):
            attempt = f"a training step on {_named(batch)}"
            step = step_of(collated(batch), 0, stage.size, networks)
            # Weights that nobody trained may say anything.
            with suppress(NotFiniteError):
                learn(method, step, optimiser)
    except Exception as error:
        reason = explained(error, stage.title, attempt)
        if reason is error:
            raise
        raise reason from error


def _build_schedules(stage: TrainStage, optimiser: Any) -> None:
    """Do as mmengine's Runner does."""
    for schedule in stage.config.param_scheduler:
        PARAM_SCHEDULERS.build(
            {"end": stage.size, **deepcopy(dict(schedule))},
            default_args={"optimizer": optimiser, "epoch_length": stage.size},
        )


def _samples(stage: TrainStage, store: Store, sizes_of: SizesOf, copies: Copies) -> list[Sample]:
    """Read the cases that stand for all, each several times, sources in turn."""
    chosen = [representatives(source.cases, sizes_of, source.pipeline) for source in stage.sources]
    # Sources in turn, so that a small batch has samples of all.
    alone = [
        replace(source, cases=(cases[rank],))
        for rank in range(max(map(len, chosen)))
        for source, cases in zip(stage.sources, chosen, strict=True)
        if rank < len(cases)
    ]

    def masks(source: Source) -> PseudoLabels | None:
        if source.kind != "pseudo":
            return None
        rule = stage.config.pseudo_labels
        return MadeUpLabels(source.values, sizes_of, sure=bool(rule and rule.weight))

    # Which slices hold enough is a matter of all cases, of which these few need not hold any.
    all_slices = replace(stage.config, slice_threshold=None)
    tried = replace(stage, sources=tuple(alone), config=all_slices)
    with TemporaryDirectory(prefix="ssl-seg-") as folder:
        opened = open_sources(tried, store, Path(folder), masks)
        held = [number for number, source in enumerate(opened) if len(source)]
        samples = TrainingSet(opened, stage.space, stage.seed, copies)
        rounds = max(_DRAWS, ceil(stage.config.batch_size / len(held)))
        return [
            samples[SampleIndex(draw, number, number, len(opened[number]) // 2)]
            for draw in range(rounds)
            for number in held
        ]


def _require_equal_channels(samples: Sequence[Sample]) -> None:
    # mmsegmentation looks at a batch's first sample only, so it may fail or drop a channel.
    if len({_shape(sample)[0] for sample in samples}) > 1:
        raise UserError(
            f"{_named(samples)} differ in their channels; leave LoadImageFromFile.color_type out, "
            "which makes three of all pictures, or write all files alike"
        )


def _batches(samples: Sequence[Sample], config: TrainConfig) -> Iterator[list[Sample]]:
    """Yield as few batches as have samples of the extreme sizes, and of all kinds, in them."""
    if isinstance(config.mix, Mapping) and not isinstance(config.mix.get("labeled"), float):
        by_kind = {kind: [s for s in samples if _kind(s)[0] == kind] for kind in config.mix}
        parts = (_filled(by_kind[kind], int(number)) for kind, number in config.mix.items())
        yield [sample for part in parts for sample in next(part)]
        return
    yield from _filled(samples, config.batch_size)


def _filled(samples: Sequence[Sample], size: int) -> Iterator[list[Sample]]:
    """Yield as few lists of a size as have samples of the extreme sizes and of all kinds."""
    by_area = sorted(samples, key=lambda sample: prod(_shape(sample)))
    wanted = [by_area[0], by_area[-1], *{_kind(sample): sample for sample in samples}.values()]
    first = list({(_shape(sample), _kind(sample)): sample for sample in wanted}.values())
    rest = [sample for sample in samples if all(sample is not other for other in first)]
    listed = [*first, *rest]
    for start in range(0, len(first), size):
        # A batch may be larger than all that was read.
        yield [deepcopy(listed[at % len(listed)]) for at in range(start, start + size)]


def _shape(sample: Sample) -> tuple[int, ...]:
    return tuple(sample[0]["inputs"].shape)


def _kind(sample: Sample) -> tuple[str, str]:
    meta = sample[0]["data_samples"].metainfo
    return meta["source"], meta["space"]


def _named(batch: Sequence[Sample]) -> str:
    """Name the samples of a batch with their channels, heights and widths."""
    names = (
        f"{sample[0]['data_samples'].metainfo['case']} ({'x'.join(map(str, _shape(sample)))})"
        for sample in batch
    )
    return "samples of " + ", ".join(dict.fromkeys(names))
