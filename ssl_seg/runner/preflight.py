"""Before the first training: one step of each kind of training, and each kind of labelling."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any, TypeVar

from ssl_seg.core.case import Case
from ssl_seg.core.fingerprint import fingerprint
from ssl_seg.core.stage import LabelStage, Source, Stage, TrainStage
from ssl_seg.core.stage_fingerprint import stage_fingerprint
from ssl_seg.runner.sample_sizes import SizesOf
from ssl_seg.runner.trial_labeling import try_labeling
from ssl_seg.runner.trial_training import try_training
from ssl_seg.runner.untouched import untouched
from ssl_seg.store.store import Store

logger = logging.getLogger(__name__)

WITHOUT_EFFECT: Mapping[str, Any] = {
    "max_iters": 0,
    "hooks": {},
    "custom_hooks": (),
    "convergence": None,
    "oversample": None,
    "slice_threshold": None,
    "plugins": {},
}
"""What one step of a training does not depend on."""

S = TypeVar("S", TrainStage, LabelStage, Source)


def preflight(stages: Sequence[Stage], store: Store, sizes_of: SizesOf) -> None:
    """Try what a plan asks for, on real samples of each extreme size; nothing is kept.

    What a network, a pipeline, a batch or an optimiser refuses is found in seconds instead of
    after the trainings before it. Stages that differ in nothing of this are tried once. Pseudo
    labels that nobody has written yet are made up.

    Args:
        stages: that are to run.
        store: whose cache of volumes is used.
        sizes_of: the sizes of cases, see `ssl_seg.runner.sample_sizes`.

    Raises:
        UserError: a training or a labelling is not possible; names the stage, the cause and what
            to do.
    """
    start = perf_counter()
    trainings = _distinct(_training_kind, (s for s in stages if isinstance(s, TrainStage)))
    labelings = _distinct(_labeling_kind, (s for s in stages if isinstance(s, LabelStage)))
    with untouched():
        for training in map(_all_sources, trainings):
            try_training(training, store, sizes_of)
        for alike in labelings:
            cases = _united(stage.cases for stage in alike)
            try_labeling(alike[0], cases, store, sizes_of)
    logger.info(
        "tried a step of %d kinds of training and %d kinds of labelling in %.1f s",
        len(trainings),
        len(labelings),
        perf_counter() - start,
    )


def _distinct(kind: Callable[[S], str], members: Iterable[S]) -> list[list[S]]:
    """Gather the members of each kind."""
    kinds: dict[str, list[S]] = {}
    for member in members:
        kinds.setdefault(kind(member), []).append(member)
    return list(kinds.values())


def _training_kind(stage: TrainStage) -> str:
    """Name what a step of a training depends on: not on whose turn it is, nor on any seed."""
    alike = replace(
        stage,
        role="initial",
        generation=0,
        fold=None,
        section=None,
        start=None,
        redraw=False,
        seed=0,
        scratch_seed=0,
        sources=(),
        config=replace(stage.config, **WITHOUT_EFFECT),
    )
    return fingerprint([alike.fingerprint, *sorted(set(map(_source_kind, stage.sources)))])


def _source_kind(source: Source) -> str:
    return stage_fingerprint(replace(source, cases=(), written_by=None, calibration=None))


def _labeling_kind(stage: LabelStage) -> str:
    config = stage.config
    networks = [[network.view, network.model] for network in config.networks]
    parts = [networks, len(stage.teachers), config.inference, config.adapters, stage.pipeline]
    return fingerprint(parts)


def _all_sources(stages: Sequence[TrainStage]) -> TrainStage:
    """Return the first stage with one source of each kind, which has the cases of all stages."""
    kinds = _distinct(_source_kind, (source for stage in stages for source in stage.sources))
    sources = (
        replace(alike[0], cases=_united(source.cases for source in alike)) for alike in kinds
    )
    return replace(stages[0], sources=tuple(sources))


def _united(lists: Iterable[tuple[Case, ...]]) -> tuple[Case, ...]:
    return tuple(dict.fromkeys(case for cases in lists for case in cases))
