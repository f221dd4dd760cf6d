"""A config together with weights that were trained before: what test and predict start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ssl_seg.config.check import checked
from ssl_seg.config.plugins import import_plugins
from ssl_seg.config.recipes import ConfigRecipes
from ssl_seg.config.spaces import Spaces, declared_maps, with_classes
from ssl_seg.config.weights import Weights, without_weights
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.space_joins import SpaceJoins


def recipes_without_training(
    config: Mapping[str, Any], folder: Path, values: LabelValues, predicted: LabelSpace | None
) -> ConfigRecipes:
    """Return the recipes of a config for labelling and scoring only.

    Args:
        config: as read.
        folder: of the config file.
        values: of the data set that is labeled and scored.
        predicted: what the weights say that the model predicts; ``None`` where they do not: then
            the space with as many classes as its head has.
    """
    plugins, imports = import_plugins(config.get("custom_imports"), folder)
    config = checked(config)
    maps = declared_maps(config["adapters"], folder)
    known = (values.space, *(end for step in maps for end in (step.target, step.source)))
    model = _predicted(config["model"], known, predicted)
    spaces = Spaces(SpaceJoins(maps), {model.name: model}, model)
    # The heads follow the weights, which may be those of a phase with other classes; and the files
    # that a training would start from need not be there.
    fitted = with_classes(config["model"], _class_count(config["model"]), len(model))
    config = {**config, "model": without_weights(fitted), "load_from": None}
    homes = {"labeled": values, "test": values}
    return ConfigRecipes(config, homes, spaces, Weights(), plugins, imports)


def _predicted(
    model: Mapping[str, Any], known: Sequence[LabelSpace], stated: LabelSpace | None
) -> LabelSpace:
    if stated is None:
        return next((space for space in known if len(space) == _class_count(model)), known[0])
    # A weight file states classes, but not what their space is called.
    return next((space for space in known if space.classes == stated.classes), stated)


def _class_count(model: Mapping[str, Any]) -> int | None:
    """Return how many classes the (first) decode head of a config predicts."""
    head = model.get("decode_head") or {}
    first = head[0] if isinstance(head, (list, tuple)) else head
    count: int | None = first.get("num_classes")
    return count


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
