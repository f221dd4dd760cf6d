"""A config together with weights that were trained before: what test and predict start from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ssl_seg.config.check import checked
from ssl_seg.config.plugins import import_plugins
from ssl_seg.config.recipes import ConfigRecipes
from ssl_seg.config.weights import Weights, without_weights
from ssl_seg.core.space import LabelValues


def recipes_without_training(
    config: Mapping[str, Any], folder: Path, values: LabelValues
) -> ConfigRecipes:
    """Return the recipes of a config for labelling and scoring only.

    Args:
        config: as read.
        folder: of the config file.
        values: of the data set that is labeled and scored.
    """
    plugins, imports = import_plugins(config.get("custom_imports"), folder)
    config = checked(config)
    # The files that a training would start from need not be there.
    config = {**config, "model": without_weights(config["model"]), "load_from": None}
    homes = {"labeled": values, "test": values}
    return ConfigRecipes(config, homes, Weights(), plugins, imports)


def require_weights(path: Path) -> Path:
    """Return the path of a weight file.

    Raises:
        FileNotFoundError: there is no such file.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no model file {path}; a run's model is <work dir>/artifacts/<stage>/"
            "model.pth, which train.py prints at the end and report.json names"
        )
    return path
