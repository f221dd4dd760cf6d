"""Checks of what data loaders say: data sets, pipelines, samplers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssl_seg.config.check_values import typed
from ssl_seg.core.errors import UserError

RANDOM_SAMPLERS = ("InfiniteSampler", "DefaultSampler")


def check_data_set(data_set: Any, where: str) -> None:
    """Check that a data set has a type and a pipeline."""
    typed(data_set, where)
    if not data_set.get("pipeline"):
        raise UserError(f"{where}.pipeline: missing; expected a list of transforms")
    _check_pipeline(data_set["pipeline"], f"{where}.pipeline")


def _check_pipeline(pipeline: Any, where: str) -> None:
    if not isinstance(pipeline, (list, tuple)):
        raise UserError(f"{where}: expected a list of transforms, got {pipeline!r}")
    for position, step in enumerate(pipeline):
        typed(step, f"{where}[{position}]")
        if "max_side" in step:
            raise UserError(
                f"{where}[{position}].max_side: set the top-level key max_side, which holds for "
                "pictures and labels of all lists alike"
            )


def check_sampler(sampler: Any, where: str) -> None:
    """Check that a sampler asks for no other order than the project's own."""
    typed(sampler, where)
    if sampler["type"] not in RANDOM_SAMPLERS:
        raise UserError(
            f"{where}: {sampler['type']} is not used; `mix` says how labeled and pseudo-labeled "
            "samples are drawn, and tests go through the cases in order"
        )


def check_one_by_one(config: Mapping[str, Any]) -> None:
    """Check that volumes are labeled one by one."""
    for key in ("test_dataloader", "val_dataloader"):
        size = (config[key] or {}).get("batch_size", 1)
        if config["views"] and size != 1:
            raise UserError(
                f"{key}.batch_size: volumes are labeled one by one, so it must be 1, got {size}; "
                "how many slices go through a network together is inference.batch_size"
            )
