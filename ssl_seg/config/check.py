"""Checks of a config that need no torch, and its defaults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ssl_seg.config.load import KNOWN_KEYS
from ssl_seg.config.stage_configs import ROLES, overlaid
from ssl_seg.core.errors import UserError
from ssl_seg.core.stage_config import DEFAULT_INTERVAL
from ssl_seg.core.views import VIEWS
from ssl_seg.registry import suggestion

DEFAULTS: Mapping[str, Any] = {
    "mix": "concat",
    "roles": {},
    "adapters": [],
    "space": None,
    "max_side": 2048,
    "oversample": None,
    "views": (),
    "sections": {},
    "start_point": None,
    "slice_threshold": None,
    "convergence": None,
    "cache_dir": None,
    "threads": 2,
    "split": {},
    "test_evaluator": [{"type": "IoUMetric", "iou_metrics": ["mIoU", "mDice"]}],
    "executor": {"type": "Serial"},
}

PSEUDO_LABEL_DEFAULTS: Mapping[str, Any] = {"threshold": None, "class_balanced": None}
SPLIT_KEYS = ("labeled", "seed", "draw", "reference")
LOADER_KEYS = (
    "batch_size",
    "dataset",
    "num_workers",
    "persistent_workers",
    "pin_memory",
    "prefetch_factor",
    "sampler",
)
OF_THE_RUN = (
    "adapters",
    "cache_dir",
    "custom_imports",
    "executor",
    "load_from",
    "max_side",
    "randomness",
    "roles",
    "scheduler",
    "space",
    "split",
    "start_point",
    "test_dataloader",
    "test_evaluator",
    "val_dataloader",
    "work_dir",
)
"""Top-level names that are the same for every role."""

OF_A_MODEL = ("inference", "threads")
"""Top-level names that are the same for all networks of a model and sections of its training."""

OVERLAYS = ("roles", "sections", "views")
"""Kinds of overlays in the order in which they are merged; each may hold later ones."""

CHECKPOINT_KEYS = ("type", "by_epoch", "interval", "max_keep_ckpts")
CONVERGENCE = ("mean", "least", "window", "attempts")
"""What a training that must converge is told; see `ssl_seg.runner.convergence`."""

RANDOM_SAMPLERS = ("InfiniteSampler", "DefaultSampler")


def checked(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config with defaults filled in.

    Raises:
        ValueError: a part is missing, unknown, or asks for what the project does not do (training
            by epoch, choosing checkpoints while training); the message names the key.
    """
    config = {**DEFAULTS, **config}
    for key in ("model", "train_dataloader", "optim_wrapper", "train_cfg", "scheduler"):
        if not config.get(key):
            raise UserError(f"{key}: missing from the config, but needed")
        if not isinstance(config[key], Mapping):
            raise UserError(f"{key}: expected a dict, got {config[key]!r}")
    config["pseudo_labels"] = _pseudo_labels(config.get("pseudo_labels") or {})
    _check_loaders(config)
    _only(config["split"], SPLIT_KEYS, "split")
    _check_padding(config["model"])
    _check_sizes(config)
    _fill_views(config)
    _check_overlays(config)
    _check_mix(config["mix"])
    _check_oversample(config["oversample"])
    _check_schedule(config)
    for part, where in overlaid_parts(config):
        _check_schedule(part, where)
        _check_volumes(part, where)
        _check_mix(part["mix"], where)
        _check_oversample(part["oversample"], where)
        _pseudo_labels(part["pseudo_labels"], where)
        _check_checkpoint(part.get("default_hooks", {}).get("checkpoint") or {}, where)
        _check_accumulation(part, where)
    _only(config.get("randomness", {}), ("seed",), "randomness")
    if not isinstance(config["adapters"], (list, tuple)):
        raise UserError(f"adapters: expected a list of dicts, got {config['adapters']!r}")
    metrics = config["test_evaluator"]
    config["test_evaluator"] = [metrics] if isinstance(metrics, Mapping) else list(metrics)
    return config


def _only(part: Any, valid: Iterable[str], where: str) -> None:
    if not isinstance(part, Mapping):
        raise UserError(f"{where}: expected a dict, got {part!r}")
    for key in part:
        if key not in valid:
            raise UserError(f"{where}.{key}: unknown key{suggestion(key, valid)}")


def _check_share(share: Any, where: str) -> None:
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
        raise UserError(f"{where}: expected a number between 0 and 1, got {share!r}")


def _check_count(count: Any, where: str) -> None:
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise UserError(f"{where}: expected a whole number of at least 1, got {count!r}")


def _pseudo_labels(part: Any, where: str = "") -> dict[str, Any]:
    where = f"{where}pseudo_labels"
    _only(part, PSEUDO_LABEL_DEFAULTS, where)
    merged = {**PSEUDO_LABEL_DEFAULTS, **part}
    for key, value in merged.items():
        if value is not None:
            _check_share(value, f"{where}.{key}")
    if all(value is not None for value in merged.values()):
        raise UserError(
            f"{where}: give either threshold (one confidence for all classes) or "
            "class_balanced (the share of each class to keep), not both"
        )
    return merged


def _check_loaders(config: Mapping[str, Any]) -> None:
    for key in ("train_dataloader", "test_dataloader", "val_dataloader"):
        if config.get(key):
            _check_loader(config, key)
    if not config.get("test_dataloader"):
        raise UserError(
            "test_dataloader: missing from the config; its pipeline is also what R is labeled with"
        )


def _check_loader(config: Mapping[str, Any], key: str) -> None:
    loader = config[key]
    _only(loader, LOADER_KEYS, key)
    data_set = loader.get("dataset")
    if not isinstance(data_set, Mapping) or "type" not in data_set:
        raise UserError(f"{key}.dataset: expected a dict with a 'type', got {data_set!r}")
    if not data_set.get("pipeline"):
        raise UserError(f"{key}.dataset.pipeline: missing; give the list of transforms")
    _check_pipeline(data_set["pipeline"], f"{key}.dataset.pipeline")
    _check_count(loader.get("batch_size", 1), f"{key}.batch_size")
    if key == "train_dataloader" and "batch_size" not in loader:
        raise UserError(f"{key}.batch_size: missing")
    sampler = loader.get("sampler")
    if sampler and sampler.get("type") not in RANDOM_SAMPLERS:
        raise UserError(
            f"{key}.sampler: {sampler.get('type')} is not used; `mix` says how labeled and "
            "pseudo-labeled samples are drawn, and tests go through the cases in order"
        )


def _check_pipeline(pipeline: Any, where: str) -> None:
    if not isinstance(pipeline, (list, tuple)):
        raise UserError(f"{where}: expected a list of transforms, got {pipeline!r}")
    for position, step in enumerate(pipeline):
        if not isinstance(step, Mapping) or "type" not in step:
            raise UserError(f"{where}[{position}]: expected a dict with a 'type', got {step!r}")
        if "max_side" in step:
            raise UserError(
                f"{where}[{position}].max_side: set the top-level key max_side, which holds for "
                "pictures and labels of all lists alike"
            )


def _check_padding(model: Mapping[str, Any]) -> None:
    """Mmsegmentation's preprocessor refuses to stack training images without one of the two."""
    part = model.get("data_preprocessor") or {}
    sized = "size" in part or "size_divisor" in part
    if part.get("type") == "SegDataPreProcessor" and not sized:
        raise UserError(
            "model.data_preprocessor: give size, the (height, width) that training images are "
            "padded to (usually the crop size), or size_divisor"
        )


def _check_sizes(config: Mapping[str, Any]) -> None:
    _check_count(config["threads"], "threads")
    if config["max_side"] is not None:
        _check_count(config["max_side"], "max_side")
    if not isinstance(config["space"], str | None):
        raise UserError(f"space: expected the name of a label space, got {config['space']!r}")


def _fill_views(config: dict[str, Any]) -> None:
    """Check what is said of views and sections, and write it in full."""
    views, sections = config["views"], config["sections"]
    _check_views(views)
    config["views"] = dict(views) if isinstance(views, Mapping) else {view: {} for view in views}
    _check_sections(sections)
    if config["start_point"] is None:
        config["start_point"] = tuple(sections)[:-1]
    _check_start_point(config["start_point"], tuple(sections))
    config.setdefault("inference", {"type": "Views" if views else "Image"})
    if views:
        _check_for_volumes(config)


def _check_views(views: Any) -> None:
    if not isinstance(views, (list, tuple, Mapping)):
        raise UserError(
            f"views: expected a list of {', '.join(VIEWS)}, or a dict of overlays, got {views!r}"
        )
    for view in views:
        if view not in VIEWS:
            raise UserError(f"views: there is no view {view!r}{suggestion(str(view), VIEWS)}")
    if len(set(views)) < len(views):
        raise UserError(f"views: a view is listed twice in {views!r}")


def _check_sections(sections: Any) -> None:
    if not isinstance(sections, Mapping):
        raise UserError(f"sections: expected a dict of overlays by name, got {sections!r}")
    for name in sections:
        # They name folders of logs.
        if not isinstance(name, str) or not name.isidentifier():
            raise UserError(f"sections: expected names of letters, digits and _, got {name!r}")


def _check_start_point(first: Any, sections: tuple[str, ...]) -> None:
    listed = isinstance(first, (list, tuple))
    if not listed or tuple(first) != sections[: len(first)] or (first and tuple(first) == sections):
        raise UserError(
            f"start_point: expected the first of the sections {sections}, but not all of them, as "
            f"students learn in the others; got {first!r}"
        )


def _check_for_volumes(config: Mapping[str, Any]) -> None:
    for key in ("test_dataloader", "val_dataloader"):
        size = (config.get(key) or {}).get("batch_size", 1)
        if size != 1:
            raise UserError(
                f"{key}.batch_size: volumes are labeled one by one, so it must be 1, got {size}; "
                "how many slices go through a network together is inference.batch_size"
            )


def overlaid_parts(config: Mapping[str, Any]) -> Iterable[tuple[dict[str, Any], str]]:
    """Yield the config as each overlay leaves it, with the overlay's place."""
    yield dict(config), ""
    yield from _overlaid_below(config, config, OVERLAYS)


def _overlaid_below(
    config: Mapping[str, Any], part: Mapping[str, Any], kinds: tuple[str, ...], where: str = ""
) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield what the overlays that a part of a config holds make of the config."""
    for at, kind in enumerate(kinds, start=1):
        for name, overlay in part.get(kind, {}).items():
            place = f"{where}{kind}.{name}"
            merged = overlaid(config, config[kind][name], place)
            yield merged, f"{place}."
            yield from _overlaid_below(merged, overlay, kinds[at:], f"{place}.")


def _check_volumes(config: Mapping[str, Any], where: str) -> None:
    if config["slice_threshold"] is not None:
        _check_slice_threshold(config, where)
    if config["views"] and config["oversample"] is not None:
        raise UserError(
            f"{where}oversample: is for images; slices of volumes are chosen by slice_threshold"
        )
    if config["convergence"] is not None:
        _check_convergence(config["convergence"], where)


def _check_slice_threshold(config: Mapping[str, Any], where: str) -> None:
    threshold = config["slice_threshold"]
    number = isinstance(threshold, (int, float)) and not isinstance(threshold, bool)
    if not number or threshold <= 0:
        raise UserError(
            f"{where}slice_threshold: expected the share of the slices to keep, in (0, 1], or the "
            f"least number of labeled pixels, got {threshold!r}"
        )
    if not config["views"]:
        raise UserError(
            f"{where}slice_threshold: chooses slices of volumes, but there are no views; leave it "
            "out, or set views"
        )


def _check_convergence(convergence: Any, where: str) -> None:
    _only(convergence, CONVERGENCE, f"{where}convergence")
    for key in CONVERGENCE:
        if key not in convergence:
            raise UserError(f"{where}convergence.{key}: missing")
    for key in ("mean", "least"):
        limit = convergence[key]
        if isinstance(limit, bool) or not isinstance(limit, (int, float)):
            raise UserError(f"{where}convergence.{key}: expected a loss, got {limit!r}")
    _check_share(convergence["window"], f"{where}convergence.window")
    _check_count(convergence["attempts"], f"{where}convergence.attempts")


def _check_overlays(config: Mapping[str, Any]) -> None:
    """Check that overlays, and those that they hold, are of something and hold what they may."""
    names = {"roles": ROLES, "sections": config["sections"], "views": config["views"]}

    def check(part: Mapping[str, Any], kinds: tuple[str, ...], where: str) -> None:
        for at, kind in enumerate(kinds, start=1):
            later = kinds[at:]
            valid = KNOWN_KEYS.difference(OF_THE_RUN, OVERLAYS).union(later)
            if kind != "roles":
                valid = valid.difference(OF_A_MODEL)
            _only(part.get(kind, {}), names[kind], f"{where}{kind}")
            for name, overlay in part.get(kind, {}).items():
                _only(overlay, valid, f"{where}{kind}.{name}")
                check(overlay, later, f"{where}{kind}.{name}.")

    check(config, OVERLAYS, "")


def _check_mix(mix: Any, where: str = "") -> None:
    if mix == "concat":
        return
    if not isinstance(mix, Mapping):
        raise UserError(f"{where}mix: expected 'concat' or dict(labeled=<share>), got {mix!r}")
    _only(mix, ("labeled",), f"{where}mix")
    _check_share(mix.get("labeled"), f"{where}mix.labeled")


def _check_oversample(threshold: Any, where: str = "") -> None:
    if threshold is not None and threshold != 1:
        _check_share(threshold, f"{where}oversample")


def _check_schedule(config: Mapping[str, Any], where: str = "") -> None:
    train_cfg = config["train_cfg"]
    epochs = train_cfg.get("by_epoch") or "max_epochs" in train_cfg
    if epochs or "Epoch" in train_cfg.get("type", ""):
        raise UserError(
            f"{where}train_cfg: training is by iteration, so that models that learn from sets of "
            "different size are trained equally long; give max_iters instead of epochs"
        )
    _check_count(train_cfg.get("max_iters"), f"{where}train_cfg.max_iters")
    found = config.get("param_scheduler") or []
    schedulers: list[Mapping[str, Any]] = [found] if isinstance(found, Mapping) else list(found)
    for position, part in enumerate(schedulers):
        if part.get("by_epoch", True):
            raise UserError(
                f"{where}param_scheduler[{position}].by_epoch: must be False, as training is by "
                "iteration (mmengine's default is True)"
            )


def _check_accumulation(config: Mapping[str, Any], where: str) -> None:
    """Check that every checkpoint falls on an optimiser step: gradients are not saved."""
    accumulated = config["optim_wrapper"].get("accumulative_counts", 1)
    checkpoint = config.get("default_hooks", {}).get("checkpoint") or {}
    interval = checkpoint.get("interval", DEFAULT_INTERVAL)
    if interval % accumulated:
        raise UserError(
            f"{where}default_hooks.checkpoint.interval: must be a multiple of optim_wrapper."
            f"accumulative_counts ({accumulated}), so that no gradient is lost on resuming; "
            f"got {interval}"
        )


def _check_checkpoint(checkpoint: Mapping[str, Any], where: str) -> None:
    for key in checkpoint:
        if key not in CHECKPOINT_KEYS:
            raise UserError(
                f"{where}default_hooks.checkpoint.{key}: not used here; checkpoints are for "
                f"resuming, and the last one is the result. Known: {', '.join(CHECKPOINT_KEYS)}"
            )
    if checkpoint.get("by_epoch"):
        raise UserError(
            f"{where}default_hooks.checkpoint.by_epoch: must be False; training is by iteration"
        )
