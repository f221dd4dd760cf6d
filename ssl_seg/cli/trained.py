"""A config together with weights that were trained before: what test and predict start from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ssl_seg.config.check import checked
from ssl_seg.config.plugins import import_plugins
from ssl_seg.config.recipes import ConfigRecipes
from ssl_seg.config.spaces import Spaces, declared_maps
from ssl_seg.config.weights import Weights, without_weights
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.space_joins import SpaceJoins


def recipes_without_training(
    config: Mapping[str, Any], folder: Path, values: LabelValues, predicted: LabelSpace
) -> ConfigRecipes:
    """Return the recipes of a config for labelling and scoring only.

    Args:
        config: as read.
        folder: of the config file.
        values: of the data set that is labeled and scored.
        predicted: what the model predicts.
    """
    plugins, imports = import_plugins(config.get("custom_imports"), folder)
    config = checked(config)
    # The files that a training would start from need not be there.
    config = {**config, "model": without_weights(config["model"]), "load_from": None}
    maps = declared_maps(config["adapters"], folder)
    known = (values.space, *(end for step in maps for end in (step.target, step.source)))
    # A weight file states classes, but not what their space is called.
    model = next((space for space in known if space.classes == predicted.classes), predicted)
    spaces = Spaces(SpaceJoins(maps), {model.name: model}, model)
    homes = {"labeled": values, "test": values}
    return ConfigRecipes(config, homes, spaces, Weights(), plugins, imports)


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
