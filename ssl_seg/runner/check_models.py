"""Check that the models of a plan can be built and learn from their labels, before any training."""

from __future__ import annotations

from collections.abc import Mapping

from ssl_seg.core.fingerprint import fingerprint
from ssl_seg.core.stage import Stage, TrainStage
from ssl_seg.models.mixed_space import supervise_in
from ssl_seg.runner import models


def check_models(stages: Mapping[str, Stage]) -> None:
    """Build each kind of model of a plan once, and look at its heads where that is needed.

    A plan of one kind that learns in its own label space is left alone: its first training shows
    within seconds what is wrong.

    Raises:
        ValueError: a model cannot be built, or a head cannot learn from labels of a coarser space;
            the message names the stage.
    """
    kinds: dict[str, TrainStage] = {}
    for stage in stages.values():
        if isinstance(stage, TrainStage):
            maps = {name: reduction.plain() for name, reduction in stage.reductions.items()}
            kinds.setdefault(fingerprint({"model": stage.recipe["model"], "maps": maps}), stage)
    if len(kinds) == 1 and not any(stage.reductions for stage in kinds.values()):
        return
    for stage in kinds.values():
        try:
            model = models.build(stage.recipe["model"])
            if stage.reductions:
                supervise_in(model, stage.reductions)
        except (ValueError, TypeError, AssertionError) as error:
            raise ValueError(f"{stage.title}: {error}") from error
