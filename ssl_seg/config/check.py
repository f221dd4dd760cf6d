"""Checks of a config that need no torch, and its defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ssl_seg.config.load import KNOWN_KEYS
from ssl_seg.config.recipes import ROLES
from ssl_seg.core.space import LabelSpace
from ssl_seg.registry import METRICS, suggestion

DEFAULTS: Mapping[str, Any] = {
    "mix": "concat",
    "roles": {},
    "inference": {"type": "Image"},
    "adapters": [],
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
CHECKPOINT_KEYS = ("type", "by_epoch", "interval", "max_keep_ckpts")
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
            raise ValueError(f"{key}: missing from the config, but needed")
    config["pseudo_labels"] = _pseudo_labels(config.get("pseudo_labels") or {})
    _check_loader(config, "train_dataloader")
    for key in ("test_dataloader", "val_dataloader"):
        if config.get(key):
            _check_loader(config, key)
    if not config.get("test_dataloader"):
        raise ValueError(
            "test_dataloader: missing from the config; its pipeline is also what R is labeled with"
        )
    _only(config["split"], SPLIT_KEYS, "split")
    _check_padding(config["model"])
    _check_roles(config["roles"])
    _check_mix(config["mix"])
    _check_schedule(config)
    for role in ROLES:
        _check_schedule({**config, **config["roles"].get(role, {})}, f"roles.{role}.")
    _check_checkpoint(config.get("default_hooks", {}).get("checkpoint") or {})
    if not isinstance(config["threads"], int) or config["threads"] < 1:
        raise ValueError(f"threads: expected a whole number of at least 1, got {config['threads']}")
    config["test_evaluator"] = _check_metrics(config["test_evaluator"])
    return config


def check_classes(model: Mapping[str, Any], space: LabelSpace) -> None:
    """Check that every head of a model predicts the label space of the data.

    Raises:
        ValueError: a head has another number of classes; the message names its place.
    """
    heads = {"decode_head": model.get("decode_head"), "auxiliary_head": model.get("auxiliary_head")}
    for name, head in heads.items():
        parts = list(head) if isinstance(head, (list, tuple)) else [head]
        for position, part in enumerate(parts):
            count = (part or {}).get("num_classes")
            if count is not None and count != len(space):
                place = f"model.{name}[{position}]" if len(parts) > 1 else f"model.{name}"
                raise ValueError(
                    f"{place}.num_classes is {count}, but the label space {space.name!r} of "
                    f"train_dataloader has {len(space)} classes ({', '.join(space.classes)})"
                )


def _only(part: Any, valid: Iterable[str], where: str) -> None:
    if not isinstance(part, Mapping):
        raise ValueError(f"{where}: expected a dict, got {part!r}")
    for key in part:
        if key not in valid:
            raise ValueError(f"{where}.{key}: unknown key{suggestion(key, valid)}")


def _pseudo_labels(part: Any) -> dict[str, Any]:
    _only(part, PSEUDO_LABEL_DEFAULTS, "pseudo_labels")
    merged = {**PSEUDO_LABEL_DEFAULTS, **part}
    for key, value in merged.items():
        if value is not None and (isinstance(value, bool) or not 0 < float(value) < 1):
            raise ValueError(f"pseudo_labels.{key}: expected a number between 0 and 1, got {value}")
    if all(value is not None for value in merged.values()):
        raise ValueError(
            "pseudo_labels: give either threshold (one confidence for all classes) or "
            "class_balanced (the share of each class to keep), not both"
        )
    return merged


def _check_loader(config: Mapping[str, Any], key: str) -> None:
    loader = config[key]
    _only(loader, LOADER_KEYS, key)
    data_set = loader.get("dataset")
    if not isinstance(data_set, Mapping) or "type" not in data_set:
        raise ValueError(f"{key}.dataset: expected a dict with a 'type', got {data_set!r}")
    if not data_set.get("pipeline"):
        raise ValueError(f"{key}.dataset.pipeline: missing; give the list of transforms")
    size = loader.get("batch_size", 1)
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ValueError(f"{key}.batch_size: expected a whole number of at least 1, got {size!r}")
    if key == "train_dataloader" and "batch_size" not in loader:
        raise ValueError(f"{key}.batch_size: missing")
    sampler = loader.get("sampler")
    if sampler and sampler.get("type") not in RANDOM_SAMPLERS:
        raise ValueError(
            f"{key}.sampler: {sampler.get('type')} is not used; `mix` says how labeled and "
            "pseudo-labeled samples are drawn, and tests go through the cases in order"
        )


def _check_padding(model: Mapping[str, Any]) -> None:
    """Mmsegmentation's preprocessor refuses to stack training images without one of the two."""
    part = model.get("data_preprocessor") or {}
    sized = "size" in part or "size_divisor" in part
    if part.get("type") == "SegDataPreProcessor" and not sized:
        raise ValueError(
            "model.data_preprocessor: give size, the (height, width) that training images are "
            "padded to (usually the crop size), or size_divisor"
        )


def _check_roles(roles: Any) -> None:
    _only(roles, ROLES, "roles")
    allowed = KNOWN_KEYS - {"roles", "split", "scheduler", "test_dataloader", "val_dataloader"}
    for role, overlay in roles.items():
        _only(overlay, allowed, f"roles.{role}")


def _check_mix(mix: Any) -> None:
    if mix == "concat":
        return
    _only(mix, ("labeled",), "mix")
    share = mix.get("labeled")
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
        raise ValueError(f"mix.labeled: expected a share between 0 and 1, got {share!r}")


def _check_schedule(config: Mapping[str, Any], where: str = "") -> None:
    train_cfg = config["train_cfg"]
    epochs = train_cfg.get("by_epoch") or "max_epochs" in train_cfg
    if epochs or "Epoch" in train_cfg.get("type", ""):
        raise ValueError(
            f"{where}train_cfg: training is by iteration, so that models that learn from sets of "
            "different size are trained equally long; give max_iters instead of epochs"
        )
    iterations = train_cfg.get("max_iters")
    overlay = bool(where)
    if overlay and iterations is None:
        return
    if isinstance(iterations, bool) or not isinstance(iterations, int) or iterations < 1:
        raise ValueError(
            f"{where}train_cfg.max_iters: expected a whole number of at least 1, got {iterations!r}"
        )
    found = config.get("param_scheduler") or []
    schedulers: list[Mapping[str, Any]] = [found] if isinstance(found, Mapping) else list(found)
    for position, part in enumerate(schedulers):
        if part.get("by_epoch", True):
            raise ValueError(
                f"{where}param_scheduler[{position}].by_epoch: must be False, as training is by "
                "iteration (mmengine's default is True)"
            )


def _check_checkpoint(checkpoint: Mapping[str, Any]) -> None:
    for key in checkpoint:
        if key not in CHECKPOINT_KEYS:
            raise ValueError(
                f"default_hooks.checkpoint.{key}: not used here; checkpoints are for resuming, and "
                f"the last one is the result. Known: {', '.join(CHECKPOINT_KEYS)}"
            )
    if checkpoint.get("by_epoch"):
        raise ValueError(
            "default_hooks.checkpoint.by_epoch: must be False; training is by iteration"
        )


def _check_metrics(metrics: Any) -> list[Any]:
    listed = [metrics] if isinstance(metrics, Mapping) else list(metrics or [])
    for position, part in enumerate(listed):
        where = f"test_evaluator[{position}]"
        name = part.get("type") if isinstance(part, Mapping) else None
        if name is None or METRICS.get(name) is None:
            raise ValueError(
                f"{where}.type: no metric is named {name!r}{suggestion(str(name), METRICS.names())}"
            )
    return listed
