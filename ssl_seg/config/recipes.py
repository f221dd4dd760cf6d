"""Each stage's part of the config: what its fingerprint covers, and what changes no result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mmengine.config import Config

from ssl_seg.config.check_classes import check_classes
from ssl_seg.config.spaces import Spaces, with_classes
from ssl_seg.config.weights import Weights, without_weights
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.space_joins import SpaceJoins
from ssl_seg.core.stage import Recipe, Role
from ssl_seg.registry import ADAPTERS

ROLES: tuple[Role, ...] = ("initial", "student", "guided", "tuning", "final")

NEUTRAL_LOADER_KEYS = ("num_workers", "persistent_workers", "pin_memory", "prefetch_factor")
"""Loader arguments that change no sample and no order."""

NEUTRAL_HOOKS = ("logger", "timer", "visualization", "checkpoint", "runtime_info", "sampler_seed")
"""Default hooks that watch a training and never change it."""

NEUTRAL_KEYS = ("log_level", "log_processor", "vis_backends", "visualizer", "work_dir", "executor")
"""Top-level names that change no result."""

TRAIN_KEYS = ("env_cfg", "model", "optim_wrapper", "oversample", "param_scheduler")

PSEUDO_LABEL_KEYS = ("mix", "pseudo_labels")
"""What matters to a training only where it learns from pseudo labels."""

LOADS_LABELS = ("LoadAnnotations",)
"""Transforms that read true labels; none of them may run while images are labeled."""

SIZED = ("LoadImageFromFile", "LoadAnnotations")
"""Transforms that bring pictures and labels to the working size."""


class ConfigRecipes:
    """Cuts a checked config into the parts that stages are made of.

    Args:
        config: a checked config.
        values: how the true labels of each case list are read, by list name.
        spaces: the label spaces of the experiment.
        weights: where weight files go.
        plugins: hashes of the plug-in sources by name.
        imports: what another process must import to know the plug-ins' types.

    """

    def __init__(
        self,
        config: Mapping[str, Any],
        values: Mapping[str, LabelValues],
        spaces: Spaces,
        weights: Weights,
        plugins: Mapping[str, str],
        imports: tuple[str, ...],
    ) -> None:
        self._values = values
        self._spaces = spaces
        self._weights = weights
        self._plugins = dict(plugins)
        self._imports = imports
        self._by_role = {role: with_role(config, role) for role in ROLES}
        self._models = {
            role: weights.mark(part["model"], "model") for role, part in self._by_role.items()
        }
        self._load_from = weights.mark({"load_from": config.get("load_from")}, "config")
        self._weight_files = weights.files
        self._config = config

    @property
    def space(self) -> LabelSpace:
        """What models predict."""
        return self._spaces.model

    @property
    def joins(self) -> SpaceJoins:
        """Which label spaces lead to which."""
        return self._spaces.joins

    def in_space(self, name: str) -> ConfigRecipes:
        """Return the recipes for models of another label space; their heads follow it.

        Raises:
            ValueError: nothing has such a label space, or the labeled cases cannot be mapped to it.
        """
        model = self._spaces.named(name)
        if model.classes == self.space.classes:
            return self
        spaces = replace(self._spaces, model=model)
        spaces.require_joined({"labeled": self._values["labeled"].space})
        counts = len(self.space), len(model)
        config = {**self._config, "model": with_classes(self._config["model"], *counts)}
        return ConfigRecipes(
            config, self._values, spaces, self._weights, self._plugins, self._imports
        )

    def train(self, role: Role, *, pseudo_labels: bool) -> tuple[Recipe, Recipe]:
        """Return recipe and settings of a train stage.

        Raises:
            ValueError: the model's heads do not predict the models' label space.

        How pseudo labels are mixed in and trusted is left out where there are none, so that another
        mix or threshold trains no initial model again.
        """
        config = self._of(role)
        loader = config["train_dataloader"]
        hooks = config.get("default_hooks", {})
        keys = TRAIN_KEYS + (PSEUDO_LABEL_KEYS if pseudo_labels else ())
        recipe = {key: config[key] for key in keys if key in config} | {
            "model": self._models[role],
            "load_from": self._load_from["load_from"],
            "train_cfg": {"max_iters": config["train_cfg"]["max_iters"]},
            "batch_size": loader["batch_size"],
            "hooks": {key: hook for key, hook in hooks.items() if key not in NEUTRAL_HOOKS},
            "custom_hooks": config.get("custom_hooks", []),
            "threads": config["threads"],
            "plugins": self._plugins,
        }
        settings = {key: config[key] for key in NEUTRAL_KEYS if key in config} | {
            "loader": {key: loader[key] for key in NEUTRAL_LOADER_KEYS if key in loader},
            "hooks": {key: hook for key, hook in hooks.items() if key in NEUTRAL_HOOKS},
            "weight_files": self._weight_files,
            "imports": self._imports,
        }
        return recipe, settings

    def label(self, cases: str, role: Role) -> tuple[Recipe, Recipe]:
        """Return recipe and settings of a label stage; only R's labels may need confidences."""
        config = self._of(role)
        loader = config["test_dataloader"]
        # Models of any role may learn from the labels that a model of this one writes.
        asked = any(any(part["pseudo_labels"].values()) for part in self._by_role.values())
        recipe = {
            "model": without_weights(self._models[role]),
            "inference": config["inference"],
            "adapters": [a for a in config["adapters"] if not _maps_labels(a)],
            "batch_size": loader.get("batch_size", 1),
            "confidence": cases == "reference" and asked,
            "threads": config["threads"],
            "plugins": self._plugins,
        }
        settings = {
            "loader": {key: loader[key] for key in NEUTRAL_LOADER_KEYS if key in loader},
            "imports": self._imports,
        }
        return recipe, settings

    def _of(self, role: Role) -> Mapping[str, Any]:
        """Return a role's config after a look at its heads, which other roles' need not pass."""
        config = self._by_role[role]
        overlaid = "model" in self._config["roles"].get(role, {})
        check_classes(config["model"], self.space, f"roles.{role}." if overlaid else "")
        return config

    def evaluate(self) -> Recipe:
        """Return the recipe of an evaluate stage."""
        return {
            "metrics": self._config["test_evaluator"],
            "max_side": self._config["max_side"],
            "plugins": self._plugins,
        }

    def train_pipeline(self, cases: str, role: Role) -> tuple[Recipe, ...]:
        """Return the transforms of training samples; R's own where it is a data set of its own."""
        config = self._by_role[role]
        own = own_reference(config["split"]) if cases == "reference" else ()
        home = next((part for part in own if part.get("pipeline")), None)
        return self._sized((home or config["train_dataloader"]["dataset"])["pipeline"])

    def label_pipeline(self, cases: str) -> tuple[Recipe, ...]:
        """Return the transforms of images to be labeled: the test pipeline without true labels."""
        home = "val_dataloader" if cases == "validation" else "test_dataloader"
        pipeline = self._config[home]["dataset"]["pipeline"]
        return self._sized(step for step in pipeline if step["type"] not in LOADS_LABELS)

    def _sized(self, pipeline: Iterable[Recipe]) -> tuple[Recipe, ...]:
        """Tell the transforms that read files the working size."""
        size = {"max_side": self._config["max_side"]}
        return tuple({**size, **step} if step["type"] in SIZED else step for step in pipeline)

    def values(self, cases: str) -> LabelValues:
        """Return how true labels of a case list are read, in the space of their data set."""
        return self._values[cases]


def own_reference(split: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the data sets that ``split.reference`` names; none where R is a part of train.

    Raises:
        ValueError: the key is no data set, list of data sets or list file; or another one than the
            first has a pipeline.
    """
    reference = split.get("reference")
    if reference is None or isinstance(reference, str):
        return ()
    parts = [reference] if isinstance(reference, Mapping) else reference
    if not isinstance(parts, (list, tuple)) or not parts or not all(map(_is_data_set, parts)):
        raise ValueError(
            "split.reference: expected a data set (a dict with a 'type'), a list of them, or a "
            f"list file, got {reference!r}"
        )
    for position, part in enumerate(parts[1:], start=1):
        if "pipeline" in part:
            raise ValueError(
                f"split.reference[{position}].pipeline: R has one pipeline; give it to the first"
            )
    return parts


def _is_data_set(part: Any) -> bool:
    return isinstance(part, Mapping) and "type" in part


def _maps_labels(adapter: Mapping[str, Any]) -> bool:
    """Tell an adapter that declares a label map, which plays no part while images are labeled."""
    return hasattr(ADAPTERS.get(adapter["type"]), "space_map")


def with_role(config: Mapping[str, Any], role: Role) -> dict[str, Any]:
    """Return the config with a role's overlay from ``roles`` merged into it.

    Raises:
        ValueError: a dict in the overlay stands where the config has something else.
    """
    overlay = config["roles"].get(role)
    if not overlay:
        return dict(config)
    merged = Config(dict(config))
    try:
        merged.merge_from_dict(dict(overlay))
    except TypeError as error:
        raise ValueError(f"roles.{role}: {error}") from error
    result: dict[str, Any] = merged.to_dict()
    return result
