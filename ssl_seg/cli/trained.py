"""A config together with weights that were trained before: what test and predict start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ssl_seg.catalog.catalog import Catalog
from ssl_seg.config.check import checked
from ssl_seg.config.plugins import import_plugins
from ssl_seg.config.spaces import Spaces, declared_mappings, with_classes
from ssl_seg.config.stage_configs import StageConfigs
from ssl_seg.config.weights import Weights, without_weights
from ssl_seg.core.class_mappings import ClassMappings
from ssl_seg.core.errors import UserError
from ssl_seg.core.model_id import Role
from ssl_seg.core.model_meta import ModelMeta
from ssl_seg.core.space import LabelSpace
from ssl_seg.core.views import View

UNSTATED_ROLE: Role = "final"
"""What a model is taken for whose file does not say it: that of another program."""


def configs_without_training(
    config: Mapping[str, Any], folder: Path, catalog: Catalog, predicted: LabelSpace | None
) -> StageConfigs:
    """Return each stage's config for labelling and scoring only.

    Args:
        config: as read.
        folder: of the config file.
        catalog: of the data set that is labeled and scored.
        predicted: what the weights say that the model predicts; ``None`` where they do not: then
            the space with as many classes as its head has.
    """
    plugins, imports = import_plugins(config.get("custom_imports"), folder)
    config = checked(config)
    maps = declared_mappings(config["adapters"], folder)
    known = (catalog.values.space, *(end for step in maps for end in (step.target, step.source)))
    model = _predicted(config["model"], known, predicted)
    spaces = Spaces(ClassMappings(maps), {model.name: model}, model)
    # The heads follow the weights, which may be those of a phase with other classes; and the files
    # that a training would start from need not be there.
    fitted = with_classes(config["model"], _class_count(config["model"]), len(model))
    config = {**config, "model": without_weights(fitted), "load_from": None}
    by_list = {"labeled": catalog.values, "test": catalog.values}
    return StageConfigs(config, by_list, spaces, Weights(), plugins, imports, catalog.medium)


def _predicted(
    model: Mapping[str, Any], known: Sequence[LabelSpace], stated: LabelSpace | None
) -> LabelSpace:
    if stated is None:
        return next((space for space in known if len(space) == _class_count(model)), known[0])
    # A weight file states classes, but not what their space is called.
    return next((space for space in known if space.classes == stated.classes), stated)


def _class_count(model: Mapping[str, Any]) -> int | None:
    """Return how many classes a model, or its (first) decode head, predicts by its config."""
    head = model.get("decode_head") or model
    first = head[0] if isinstance(head, (list, tuple)) else head
    count: int | None = first.get("num_classes")
    return count


def views_of(config: Mapping[str, Any]) -> tuple[View, ...]:
    """Return the views of volumes that a config, as read, has a network for; none for images."""
    return tuple(checked(config)["views"])


def weights_by_view(checkpoint: Path, views: Sequence[View]) -> dict[View | None, Path]:
    """Return the weight file of each network of a model; that of images has the view ``None``.

    Args:
        checkpoint: a weight file; where there are several views a folder that holds
            ``<view>.pth`` for each.
        views: of the config; none for images.

    Raises:
        UserError: there is no such file or folder, or a view's file is not in it.
        UserError: it is a file where several views need one each, or a folder where images do not.
    """
    if not checkpoint.exists():
        raise UserError(
            f"there is no model {checkpoint}; expected {_expected(views)}. {_RUN_MODEL}"
        )
    if checkpoint.is_file():
        if len(views) > 1:
            raise UserError(
                f"{checkpoint}: a single weight file, but the config has {len(views)} views with a "
                f"network each; expected {_expected(views)}. {_RUN_MODEL}"
            )
        return {views[0] if views else None: checkpoint}
    if not views:
        raise UserError(
            f"{checkpoint}: a folder, but the config has no views; expected {_expected(views)}"
        )
    files: dict[View | None, Path] = {view: checkpoint / f"{view}.pth" for view in views}
    if missing := [file.name for file in files.values() if not file.is_file()]:
        there = sorted(path.name for path in checkpoint.iterdir())
        raise UserError(
            f"{checkpoint}: {', '.join(missing)} missing; expected {_expected(views)}; there is "
            f"{', '.join(there) or 'nothing'}"
        )
    return files


def model_of(weights: Mapping[View | None, Path]) -> ModelMeta:
    """Return what the files of one model say of it; the view is that of the first file.

    Raises:
        UserError: a file is of another view, or two of them are not of one model.
    """
    from ssl_seg.runner.model_file import read_model_meta  # noqa: PLC0415 - imports torch

    stated = {path: read_model_meta(path) for path in weights.values()}
    for view, path in weights.items():
        if stated[path].role is not None and stated[path].view != view:
            raise UserError(
                f"{path}: expected a network for {_named(view)}, but this one was trained for "
                f"{_named(stated[path].view)}"
            )
    (first, meta), *others = stated.items()
    for path, other in others:
        if meta.title != other.title:
            raise UserError(
                f"{first} and {path} are not of one model: one is {meta.title}, the other "
                f"{other.title}"
            )
    return meta


def _named(view: View | None) -> str:
    return "images" if view is None else f"the view {view}"


def _expected(views: Sequence[View]) -> str:
    if not views:
        return "a weight file (.pth)"
    names = [f"{view}.pth" for view in views]
    alone = "a weight file, or " if len(views) == 1 else ""
    return f"{alone}a folder with {', '.join(names)}"


_RUN_MODEL = "train.py prints at the end where a run's model lies, and report.json names it"
