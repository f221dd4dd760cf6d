"""The sources of a train stage, opened: images, or slices of volumes, with their masks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ssl_seg.core.stage import Source, TrainStage
from ssl_seg.core.stage_config import PseudoLabelRule
from ssl_seg.data import transforms  # noqa: F401 - registers the transforms
from ssl_seg.data.labeled_slices import LabeledSlices, filter_slices
from ssl_seg.data.pseudo_labels import PseudoLabels
from ssl_seg.data.training_set import LabeledImages, Samples
from ssl_seg.runner.volume_cache import volume_cache
from ssl_seg.store.store import Store

logger = logging.getLogger(__name__)


MasksOf = Callable[[Source], PseudoLabels | None]


def open_sources(
    stage: TrainStage, store: Store, running: Path, masks_of: MasksOf | None = None
) -> list[Samples]:
    """Open what a stage learns from; of slices those are left out that hold too little.

    Args:
        stage: whose sources are opened.
        store: holds the pseudo labels and the cache of volumes.
        running: folder of what ends with the stage.
        masks_of: the pseudo labels of a source, in place of those in the store.
    """
    masks = masks_of or partial(_pseudo_labels, store=store, stage=stage)
    cache = volume_cache(stage.config, store)
    # A student's pseudo labels are cut into slices for it alone, and go with its checkpoints.
    passing = volume_cache(stage.config, store, running / "slices")
    if stage.view is None or cache is None or passing is None:
        return [LabeledImages(source, masks(source)) for source in stage.sources]
    slices = [
        LabeledSlices(source, masks(source), stage.view, cache, passing) for source in stage.sources
    ]
    if (threshold := stage.config.slice_threshold) is not None:
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
    rule = stage.config.pseudo_labels or PseudoLabelRule()
    pseudo = PseudoLabels(
        folder, source.values, threshold=rule.threshold, class_balanced=rule.class_balanced
    )
    if pseudo.coverage < 1:
        logger.info(
            "%s: %.1f %% of the pseudo-labeled pixels are kept",
            stage.title,
            100 * pseudo.coverage,
        )
    return pseudo
