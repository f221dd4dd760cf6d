"""Check that a plan's models can be built, learn from their labels and predict, before training."""

from __future__ import annotations

from collections.abc import Mapping

from ssl_seg.core.errors import UserError, raised_in
from ssl_seg.core.fingerprint import fingerprint
from ssl_seg.core.stage import LabelStage, Stage, TrainStage
from ssl_seg.models.mixed_space import supervise_in
from ssl_seg.runner import models
from ssl_seg.runner.predictors import check_predictor

THIRD_PARTIES = ("mmcv", "mmengine", "mmseg", "torch")
"""Packages whose refusal to build a model means that its config is wrong."""


def check_models(stages: Mapping[str, Stage]) -> None:
    """Build each kind of model of a plan once, and each kind of predictor.

    A plan of one kind of model that learns in its own label space need not be looked at for
    training: its first one shows within seconds what is wrong. What labels would be asked for only
    after it.

    Raises:
        ValueError: a model cannot be built, a head cannot learn from labels of a coarser space, or
            the predictor refuses the models, the pipeline or an option; the message names the
            stage.
    """
    _check_trainings(stages)
    labelings: dict[str, LabelStage] = {}
    for stage in stages.values():
        if isinstance(stage, LabelStage):
            config = stage.config
            models_of = [[network.view, network.model] for network in config.networks]
            asked = [models_of, config.inference, config.adapters, stage.pipeline]
            labelings.setdefault(fingerprint(asked), stage)
    for stage in labelings.values():
        try:
            check_predictor(stage.config, stage.pipeline)
        except (ValueError, TypeError, KeyError, AssertionError) as error:
            if not isinstance(error, UserError) and not raised_in(error, *THIRD_PARTIES):
                raise
            raise UserError(f"{stage.title}: {error}") from error


def _check_trainings(stages: Mapping[str, Stage]) -> None:
    kinds: dict[str, TrainStage] = {}
    for stage in stages.values():
        if isinstance(stage, TrainStage):
            maps = {name: reduction.plain() for name, reduction in stage.reductions.items()}
            kinds.setdefault(fingerprint({"model": stage.config.model, "maps": maps}), stage)
    if len(kinds) == 1 and not any(stage.reductions for stage in kinds.values()):
        return
    for stage in kinds.values():
        try:
            model = models.build(stage.config.model)
            if stage.reductions:
                supervise_in(model, stage.reductions)
        except (ValueError, TypeError, KeyError, AssertionError) as error:
            if not isinstance(error, UserError) and not raised_in(error, *THIRD_PARTIES):
                raise
            raise UserError(f"{stage.title}: {error}") from error
