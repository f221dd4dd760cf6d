"""The sources of a train stage, opened: their samples with the masks of these."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ssl_seg.core.stage import Source, TrainStage
from ssl_seg.core.stage_config import PseudoLabelRule
from ssl_seg.data import transforms  # noqa: F401 - registers the transforms
from ssl_seg.data.calibration import least_levels
from ssl_seg.data.pseudo_labels import PseudoLabels
from ssl_seg.data.training_set import Samples
from ssl_seg.media.records import MaskedCases
from ssl_seg.runner.calibration import measured
from ssl_seg.runner.readers import reader_of
from ssl_seg.store.store import Store

logger = logging.getLogger(__name__)


MasksOf = Callable[[Source], PseudoLabels | None]


def open_sources(
    stage: TrainStage, store: Store, running: Path, masks_of: MasksOf | None = None
) -> list[Samples]:
    """Open what a stage learns from; of slices those are left out that hold too little.

    Args:
        stage: whose sources are opened.
        store: holds the pseudo labels, and the cache of volumes.
        running: folder of what ends with the stage.
        masks_of: the pseudo labels of a source, in place of those in the store.
    """
    masks_of = masks_of or partial(_pseudo_labels, store=store, stage=stage)
    found = [masks_of(source) for source in stage.sources]
    records = reader_of(stage.config, store).records(
        [
            MaskedCases(
                source.cases,
                source.values,
                masks,
                unlabeled=source.kind == "unlabeled",
                levels=None if masks is None else masks.levels,
            )
            for source, masks in zip(stage.sources, found, strict=True)
        ],
        stage.view,
        slice_threshold=stage.config.slice_threshold,
        passing=running / "slices",
    )
    weight = stage.config.pseudo_labels and stage.config.pseudo_labels.weight
    opened = [
        Samples(source, masks, samples, stage.config.strong, weight or 0)
        for source, masks, samples in zip(stage.sources, found, records, strict=True)
    ]
    for samples in opened:
        # Nothing is left where a teacher found nothing; the others' slices then make all samples.
        level = logging.INFO if len(samples) else logging.WARNING
        cases, kind = len(samples.source.cases), samples.source.kind
        logger.log(level, "%s: %d samples of %d %s cases", stage.title, len(samples), cases, kind)
    return opened


def _pseudo_labels(source: Source, store: Store, stage: TrainStage) -> PseudoLabels | None:
    if source.written_by is None:
        return None
    folder = store.path(source.written_by)
    rule = stage.config.pseudo_labels or PseudoLabelRule()
    pseudo = PseudoLabels(
        folder,
        source.values,
        threshold=rule.threshold,
        class_balanced=rule.class_balanced,
        least_levels=_least_levels(source, store, rule, stage.title),
        weight=rule.weight,
    )
    if pseudo.coverage < 1:
        logger.info(
            "%s: %.1f %% of the pseudo-labeled pixels are kept",
            stage.title,
            100 * pseudo.coverage,
        )
    return pseudo


def _least_levels(
    source: Source, store: Store, rule: PseudoLabelRule, title: str
) -> Sequence[int] | None:
    """Return from which level on each class is right often enough; ``None`` if nobody asks."""
    if source.calibration is None or rule.calibrated is None:
        return None
    least: list[int] = least_levels(*measured(source.calibration, store), rule.calibrated).tolist()
    classes = source.calibration.values.space.classes
    told = ", ".join(f"{name} {level}" for name, level in zip(classes, least, strict=True))
    logger.info("%s: kept from these confidence levels on, of 255: %s", title, told)
    return least
