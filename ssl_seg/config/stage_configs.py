"""Each stage's part of the config, cut out and typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from typing import Any

from ssl_seg.config.check_classes import check_classes
from ssl_seg.config.key import neutral
from ssl_seg.config.nested_keys import HOOKS, LOADER
from ssl_seg.config.overlays import overlaid, reference_inference, with_overlays
from ssl_seg.config.pseudo_label_rules import asks_for_shares, trusts_by_confidence
from ssl_seg.config.reference_sets import reference_sets
from ssl_seg.config.spaces import Spaces, with_classes
from ssl_seg.config.weights import Weights, without_weights
from ssl_seg.core.case import MediumName
from ssl_seg.core.class_mappings import ClassMappings
from ssl_seg.core.errors import UserError
from ssl_seg.core.model_id import Role
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.split import CaseList
from ssl_seg.core.stage import SourceKind
from ssl_seg.core.stage_config import (
    DEFAULT_INTERVAL,
    ConfigPart,
    ConvergenceRule,
    EvaluateConfig,
    LabelConfig,
    NetworkConfig,
    Neutral,
    PseudoLabelRule,
    TrainConfig,
)
from ssl_seg.core.views import View
from ssl_seg.planning.stage_configs import TrainingPart
from ssl_seg.registry import ADAPTERS

LOADS_LABELS = ("LoadAnnotations", "LoadSliceLabels")
"""Transforms that read true labels; none of them may run while images are labeled."""

SIZED = ("LoadImageFromFile", "LoadAnnotations")
"""Transforms that bring pictures and labels to the working size."""


class StageConfigs:
    """Cuts a checked config into the parts that stages are made of.

    Args:
        config: a checked config.
        values: how the true labels of each case list are read, by list name.
        spaces: the label spaces of the experiment.
        weights: where weight files go.
        plugins: hashes of the plug-in sources by name.
        imports: what another process must import to know the plug-ins' types.
        medium: what the cases are.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        values: Mapping[str, LabelValues],
        spaces: Spaces,
        weights: Weights,
        plugins: Mapping[str, str],
        imports: tuple[str, ...],
        medium: MediumName,
    ) -> None:
        self._medium: MediumName = medium
        self._values = values
        self._spaces = spaces
        self._weights = weights
        self._plugins = dict(plugins)
        self._imports = imports
        marked = weights.mark({"load_from": config["load_from"]}, "config")
        self._load_from: str | None = marked["load_from"]
        self._config = config
        self._parts: dict[TrainingPart, Mapping[str, Any]] = {}
        self._models: dict[TrainingPart, Mapping[str, Any]] = {}

    @property
    def space(self) -> LabelSpace:
        """What models predict."""
        return self._spaces.model

    @property
    def mappings(self) -> ClassMappings:
        """Which label spaces lead to which."""
        return self._spaces.mappings

    def in_space(self, name: str) -> StageConfigs:
        """Return the configs for models of another label space; their heads follow it.

        Raises:
            UserError: nothing has such a label space, or the labeled cases cannot be mapped to it.
        """
        model = self._spaces.named(name)
        if model.classes == self.space.classes:
            return self
        spaces = replace(self._spaces, model=model)
        spaces.require_joined({"labeled": self._values["labeled"].space})
        counts = len(self.space), len(model)
        config = {**self._config, "model": with_classes(self._config["model"], *counts)}
        return StageConfigs(
            config,
            self._values,
            spaces,
            self._weights,
            self._plugins,
            self._imports,
            self._medium,
        )

    @property
    def views(self) -> tuple[View | None, ...]:
        """The views that a model has a network for; ``(None,)`` for images."""
        return tuple(self._config["views"]) or (None,)

    @property
    def sections(self) -> tuple[str | None, ...]:
        """The parts of a training; ``(None,)`` where it has none."""
        return tuple(self._config["sections"]) or (None,)

    @property
    def start_point(self) -> tuple[str | None, ...]:
        """The sections that are trained on S alone for all models that start from scratch."""
        return tuple(self._config["start_point"])

    def train(self, part: TrainingPart, *, kinds: Set[SourceKind]) -> TrainConfig:
        """Return what the config says to a train stage.

        Raises:
            UserError: the model's heads do not predict the models' label space.

        How sources are mixed is left out where they are of one kind, how pseudo labels are trusted
        where there are none, and what learns from unlabeled samples where there are none: another
        mix, threshold or method trains no initial model again.
        """
        config = self._at(part)
        loader = config["train_dataloader"]
        counts = _counts(config["batch"] or {}, kinds)
        several = len(kinds) > 1
        hooks = config["default_hooks"]
        convergence = config["convergence"]
        model = _for_training(self._model(part))
        return TrainConfig(
            model=model,
            load_from=self._load_from,
            optim_wrapper=config["optim_wrapper"],
            param_scheduler=_several(config["param_scheduler"]),
            max_iters=config["train_cfg"]["max_iters"],
            batch_size=sum(counts.values()) or loader["batch_size"],
            hooks={key: hook for key, hook in hooks.items() if key not in neutral(HOOKS)},
            custom_hooks=tuple(config["custom_hooks"]),
            env_cfg=config["env_cfg"],
            convergence=None if convergence is None else ConvergenceRule(**convergence),
            oversample=config["oversample"],
            medium=self._medium,
            slice_spacing=self._slice_spacing(),
            slice_threshold=config["slice_threshold"],
            mix=(counts or config["mix"]) if several else None,
            pseudo_labels=PseudoLabelRule(**config["pseudo_labels"]) if "pseudo" in kinds else None,
            method=config["method"] if _applies(config["batch"] or {}, kinds) else None,
            # Labeled samples have weak copies alone.
            strong=tuple(config["strong"]) if kinds - {"labeled"} else (),
            average=config["average"],
            threads=config["threads"],
            plugins=self._plugins,
            neutral=replace(
                self._neutral(loader),
                **_watching(config),
                weight_files=self._weights.files_in({"load_from": self._load_from, "model": model}),
            ),
        )

    def learns_unlabeled(self, role: Role) -> bool:
        """Tell whether models of a role also learn from unlabeled cases."""
        overlay = self._config["roles"].get(role)
        return "unlabeled" in (overlaid(self._config, overlay, f"roles.{role}")["batch"] or {})

    @property
    def calibration_parts(self) -> int | None:
        """How many parts of S models label; ``None`` where nobody asks how often they are right."""
        return self._config["calibration_parts"] if asks_for_shares(self._config) else None

    def label(self, cases: CaseList, role: Role) -> LabelConfig:
        """Return what the config says to a label stage; only R's labels may need confidences.

        Parts of S are labeled as R is, to tell how far R's labels are to be trusted.
        """
        as_reference = cases in ("reference", "labeled")
        parts = {view: TrainingPart(role, view, self.sections[-1]) for view in self.views}
        config = self._at(next(iter(parts.values())))
        loader = config["test_dataloader"]
        return LabelConfig(
            networks=tuple(
                NetworkConfig(view=view, model=without_weights(self._model(part)))
                for view, part in parts.items()
            ),
            inference=reference_inference(config) if as_reference else config["inference"],
            adapters=tuple(a for a in config["adapters"] if not _only_declares(a)),
            batch_size=loader.get("batch_size", 1),
            # Models of any role may learn from the labels that a model of this one writes.
            confidence=as_reference and trusts_by_confidence(self._config),
            probabilities=cases == "reference" and self._config["store_probabilities"],
            medium=self._medium,
            slice_spacing=self._slice_spacing(),
            threads=config["threads"],
            plugins=self._plugins,
            neutral=self._neutral(loader),
        )

    def evaluate(self) -> EvaluateConfig:
        """Return what the config says to an evaluate stage."""
        return EvaluateConfig(
            metrics=tuple(self._config["test_evaluator"]),
            max_side=self._config["max_side"],
            plugins=self._plugins,
        )

    def _neutral(self, loader: Mapping[str, Any]) -> Neutral:
        """Return what changes no bit of a stage that opens the given loader."""
        return Neutral(
            cache_dir=self._config["cache_dir"],
            loader={key: loader[key] for key in neutral(LOADER) if key in loader},
            imports=self._imports,
        )

    def _at(self, part: TrainingPart) -> Mapping[str, Any]:
        """Return the config of a training after a look at its heads, which others need not pass."""
        if part not in self._parts:
            config = with_overlays(self._config, part)
            overlaid = "model" in self._config["roles"].get(part.role, {})
            check_classes(config["model"], self.space, f"roles.{part.role}." if overlaid else "")
            self._parts[part] = config
        return self._parts[part]

    def _model(self, part: TrainingPart) -> Mapping[str, Any]:
        if part not in self._models:
            self._models[part] = self._weights.mark(self._at(part)["model"], "model")
        return self._models[part]

    def _slice_spacing(self) -> float | None:
        """Return the distance of axial slices that volumes are brought to."""
        spacing = slice_spacing(self._config["adapters"])
        if spacing is not None and self._medium != "volumes":
            raise UserError(
                "adapters: one sets the distance of slices, which only volumes have, but the cases "
                f"are {self._medium}; remove it"
            )
        return spacing

    def train_pipeline(self, cases: CaseList, part: TrainingPart) -> tuple[ConfigPart, ...]:
        """Return the transforms of training samples; R's own where it is a data set of its own."""
        config = self._at(part)
        own = reference_sets(config["split"]) if cases == "reference" else ()
        piped = next((data_set for data_set in own if data_set.get("pipeline")), None)
        return self._sized((piped or config["train_dataloader"]["dataset"])["pipeline"])

    def unlabeled_pipeline(self, part: TrainingPart) -> tuple[ConfigPart, ...]:
        """Return the transforms of R's training samples without those that read labels."""
        pipeline = self.train_pipeline("reference", part)
        return tuple(step for step in pipeline if step["type"] not in LOADS_LABELS)

    def label_pipeline(self, cases: CaseList) -> tuple[ConfigPart, ...]:
        """Return the transforms of images to be labeled: the test pipeline without true labels."""
        loader = "val_dataloader" if cases == "validation" else "test_dataloader"
        pipeline = self._config[loader]["dataset"]["pipeline"]
        return self._sized(step for step in pipeline if step["type"] not in LOADS_LABELS)

    def _sized(self, pipeline: Iterable[ConfigPart]) -> tuple[ConfigPart, ...]:
        """Tell the transforms that read files the working size."""
        size = {"max_side": self._config["max_side"]}
        return tuple({**size, **step} if step["type"] in SIZED else step for step in pipeline)

    def values(self, cases: CaseList) -> LabelValues:
        """Return how true labels of a case list are read, in the space of their data set."""
        return self._values[cases]


def _counts(batch: Mapping[str, int], kinds: Set[SourceKind]) -> dict[str, int]:
    """Return how many samples of each kind that a training has are in a batch."""
    if batch and (left_out := sorted(kinds - batch.keys())):
        raise UserError(
            f"batch: {dict(batch)} leaves out {' and '.join(left_out)} samples, which a training "
            "of the plan learns from; say how many of them are in a batch"
        )
    return {kind: number for kind, number in batch.items() if kind in kinds}


def _applies(batch: Mapping[str, int], kinds: Set[SourceKind]) -> bool:
    """Tell whether a training has the unlabeled samples that the config's method learns from."""
    return "unlabeled" in kinds or "unlabeled" not in batch


def _for_training(model: Mapping[str, Any]) -> dict[str, Any]:
    """Drop what a model reads only to label, so that mending it loses no training."""
    kept = {key: part for key, part in model.items() if key != "test_cfg"}
    if isinstance(preprocessor := model.get("data_preprocessor"), Mapping):
        read = {key: part for key, part in preprocessor.items() if key != "test_cfg"}
        kept["data_preprocessor"] = read
    return kept


def _watching(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the neutral part of what the config says of a training's logs and checkpoints."""
    hooks = config["default_hooks"]
    checkpoint = hooks.get("checkpoint") or {}
    return {
        "hooks": {
            key.name: hooks[key.name]
            for key in HOOKS
            if key.neutral and key.stages and key.name in hooks and key.name != "checkpoint"
        },
        "checkpoint_interval": checkpoint.get("interval", DEFAULT_INTERVAL),
        "checkpoints_kept": checkpoint.get("max_keep_ckpts"),
        "log_level": config["log_level"],
        "log_processor": config["log_processor"],
        "visualizer": config["visualizer"],
        "vis_backends": _several(config["vis_backends"]),
    }


def _several(parts: Any) -> tuple[ConfigPart, ...]:
    """Return one part of a config, a list of them or nothing as a tuple."""
    return (parts,) if isinstance(parts, Mapping) else tuple(parts or ())


def _only_declares(adapter: Mapping[str, Any]) -> bool:
    """Tell an adapter that puts nothing around a predictor: what it declares is used elsewhere."""
    return not hasattr(ADAPTERS.get(adapter["type"]), "around")


def slice_spacing(adapters: Iterable[Mapping[str, Any]]) -> float | None:
    """Return the distance of axial slices that an adapter normalises volumes to, in mm.

    Raises:
        UserError: two adapters name one.
    """
    built = [ADAPTERS.build(adapter, where="adapters") for adapter in adapters]
    found = [adapter.slice_spacing() for adapter in built if hasattr(adapter, "slice_spacing")]
    if len(found) > 1:
        raise UserError(
            f"adapters: {len(found)} adapters set the distance of slices; keep one of them"
        )
    return found[0] if found else None
