"""Check that models can learn from all their labels, before any of them is trained."""

from __future__ import annotations

from collections.abc import Mapping

from ssl_seg.core.fingerprint import fingerprint
from ssl_seg.core.stage import Stage, TrainStage
from ssl_seg.models.mixed_space import supervise_in
from ssl_seg.runner import models


def check_spaces(stages: Mapping[str, Stage]) -> None:
    """Build each model that learns from labels of a coarser space, once, and look at its heads.

    Raises:
        ValueError: a head cannot learn from such labels; the message names it and the stage.
    """
    checked: set[str] = set()
    for stage in stages.values():
        if not isinstance(stage, TrainStage) or not stage.reductions:
            continue
        maps = {name: reduction.plain() for name, reduction in stage.reductions.items()}
        kind = fingerprint({"model": stage.recipe["model"], "maps": maps})
        if kind in checked:
            continue
        checked.add(kind)
        try:
            supervise_in(models.build(stage.recipe["model"]), stage.reductions)
        except ValueError as error:
            raise ValueError(f"{stage.title}: {error}") from error
