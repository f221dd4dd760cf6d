"""Labelling as a label stage will do it, by untrained networks, before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from ssl_seg.core.case import Case
from ssl_seg.core.stage import LabelStage
from ssl_seg.media.by_name import MEDIA
from ssl_seg.runner import models
from ssl_seg.runner.environment import prepare_process
from ssl_seg.runner.failures import explained
from ssl_seg.runner.finite import NotFiniteError
from ssl_seg.runner.predictors import untrained_predictor
from ssl_seg.runner.readers import reader_of
from ssl_seg.runner.sample_sizes import SizesOf, representatives
from ssl_seg.store.store import Store


def try_labeling(stage: LabelStage, cases: Sequence[Case], store: Store, sizes_of: SizesOf) -> None:
    """Label the cases that stand for all others in size; of volumes the first slices.

    Args:
        stage: whose predictor is tried.
        cases: of all stages that it stands for.
        store: whose cache of volumes is used.
        sizes_of: the sizes of cases.

    Raises:
        UserError: it is not possible; names the stage, the case, the cause and what to do.
    """
    prepare_process(stage.config.threads)
    models.enter_scope()
    attempt = "building the predictor"
    try:
        reader = reader_of(stage.config, store)
        predictor = untrained_predictor(stage.config, len(stage.teachers), stage.pipeline, reader)
        working = _working_sizes(stage, sizes_of)
        for case in representatives(cases, working, stage.pipeline):
            (size,) = working([case])
            attempt = f"labelling {case.image.path} ({'x'.join(map(str, size))})"
            sample = predictor.read(case)
            # A whole volume would take as long as its labelling.
            try_out = getattr(predictor, "try_out", None)
            # Weights that nobody trained may say anything.
            with suppress(NotFiniteError):
                if try_out is None:
                    predictor.predict([sample])
                else:
                    try_out(sample)
    except Exception as error:
        reason = explained(error, stage.title, attempt)
        if reason is error:
            raise
        raise reason from error


def _working_sizes(stage: LabelStage, sizes_of: SizesOf) -> SizesOf:
    """Return the function of the sizes that images are brought to before a network sees them."""
    side = next((step["max_side"] for step in stage.pipeline if "max_side" in step), None)
    medium = MEDIA[stage.config.medium]
    return lambda cases: [medium.working_shape(size, side) for size in sizes_of(cases)]
