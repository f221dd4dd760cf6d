"""Checks of what a training does: its length, its samples, its checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssl_seg.config.check_values import a_dict, count, one_or_several_typed, only, share, typed
from ssl_seg.core.errors import UserError
from ssl_seg.core.stage import SourceKind
from ssl_seg.core.stage_config import DEFAULT_INTERVAL, Join

KINDS: tuple[SourceKind, ...] = ("labeled", "pseudo", "unlabeled")
JOINS: tuple[Join, ...] = ("agree", "weigh")
TRAIN_CFG_KEYS = ("type", "by_epoch", "max_iters", "val_begin", "val_interval", "dynamic_intervals")
"""What mmsegmentation's configs say of a training; all but ``max_iters`` has no effect."""

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
PARAMWISE_KEYS = (
    "custom_keys",
    "bias_lr_mult",
    "bias_decay_mult",
    "norm_decay_mult",
    "flat_decay_mult",
    "dwconv_decay_mult",
    "dcn_offset_lr_mult",
    "bypass_duplicate",
)
"""What mmengine's own constructor of optimisers reads; it passes over everything else."""

CHECKPOINT_KEYS = ("type", "by_epoch", "interval", "max_keep_ckpts")


def check_model(model: Any, where: str) -> None:
    """Check that training images can be padded to one size.

    Mmsegmentation's preprocessor refuses to stack them without one of the two.
    """
    a_dict(model, where)
    part = model.get("data_preprocessor") or {}
    sized = "size" in part or "size_divisor" in part
    if part.get("type") == "SegDataPreProcessor" and not sized:
        raise UserError(
            f"{where}.data_preprocessor: give size, the (height, width) that training images are "
            "padded to (usually the crop size), or size_divisor"
        )


def check_train_cfg(train_cfg: Any, where: str) -> None:
    """Check that a training is counted in iterations."""
    a_dict(train_cfg, where)
    epochs = train_cfg.get("by_epoch") or "max_epochs" in train_cfg
    if epochs or "Epoch" in train_cfg.get("type", ""):
        raise UserError(
            f"{where}: training is by iteration, so that models that learn from sets of different "
            "size are trained equally long; give max_iters instead of epochs"
        )
    only(train_cfg, TRAIN_CFG_KEYS, where)
    count(train_cfg.get("max_iters"), f"{where}.max_iters")


def check_optim_wrapper(wrapper: Any, where: str) -> None:
    """Check for an optimiser, what sets it parameter by parameter, and whole optimiser steps."""
    a_dict(wrapper, where)
    count(wrapper.get("accumulative_counts", 1), f"{where}.accumulative_counts")
    # A constructor of one's own may read anything.
    if "constructor" not in wrapper:
        typed(wrapper.get("optimizer"), f"{where}.optimizer")
        only(wrapper.get("paramwise_cfg") or {}, PARAMWISE_KEYS, f"{where}.paramwise_cfg")


def check_env_cfg(env_cfg: Any, where: str) -> None:
    """Check for what mmengine's Runner reads of it; it passes over everything else."""
    only(env_cfg, ("cudnn_benchmark", "mp_cfg", "dist_cfg", "resource_limit"), where)


def check_log_level(level: Any, where: str) -> None:
    """Check for a level of Python's logging."""
    if level not in LOG_LEVELS:
        raise UserError(f"{where}: expected one of {', '.join(LOG_LEVELS)}, got {level!r}")


def check_param_scheduler(schedulers: Any, where: str) -> None:
    """Check that schedules are counted in iterations."""
    one_or_several_typed(schedulers, where)
    parts = [schedulers] if isinstance(schedulers, Mapping) else schedulers
    for position, part in enumerate(parts):
        if part.get("by_epoch", True):
            raise UserError(
                f"{where}[{position}].by_epoch: must be False, as training is by iteration "
                "(mmengine's default is True)"
            )


def check_mix(mix: Any, where: str) -> None:
    """Check for 'concat' or the share of labeled samples."""
    if mix == "concat":
        return
    if not isinstance(mix, Mapping):
        raise UserError(f"{where}: expected 'concat' or dict(labeled=<share>), got {mix!r}")
    for kind in KINDS[1:]:
        if kind in mix:
            raise UserError(
                f"{where}.{kind}: a mix is a share of labeled samples; write numbers of samples by "
                "kind as batch=dict(labeled=4, pseudo=12)"
            )
    only(mix, ("labeled",), where)
    share(mix.get("labeled"), f"{where}.labeled")


def check_batch(batch: Any, where: str) -> None:
    """Check for numbers of samples by kind."""
    only(batch, KINDS, where)
    for kind, number in batch.items():
        count(number, f"{where}.{kind}")


def check_batch_size(config: Mapping[str, Any], where: str) -> None:
    """Check that numbers of samples by kind add up to a batch."""
    batch, size = config["batch"], config["train_dataloader"]["batch_size"]
    if batch and sum(batch.values()) != size:
        raise UserError(
            f"{where}batch: {dict(batch)} are {sum(batch.values())} samples, but "
            f"train_dataloader.batch_size is {size}; make them equal"
        )


def check_oversample(threshold: Any, where: str) -> None:
    """Check for a share of the cases; 1 is all of them."""
    if threshold != 1:
        share(threshold, where)


def check_pseudo_labels(rule: Any, where: str) -> None:
    """Check that pseudo labels are trusted by one rule at most, and weighed by one."""
    rules = ("threshold", "class_balanced", "calibrated")
    if len(given := [key for key in rules if rule.get(key) is not None]) > 1:
        raise UserError(
            f"{where}: give threshold (one confidence for all classes), class_balanced (the share "
            "of each class to keep) or calibrated (the share of right pixels), not "
            f"{' and '.join(given)} together"
        )
    if rule.get("weight") and rule.get("join") == "weigh":
        raise UserError(
            f"{where}: give either weight (pixels count by the stored confidence) or join='weigh' "
            "(by the student's own), not both"
        )


def check_join(join: Any, where: str) -> None:
    """Check for a way to join stored pseudo labels with what networks say."""
    if join not in (None, *JOINS):
        raise UserError(f"{where}: expected one of {', '.join(JOINS)} or None, got {join!r}")


def check_calibration_parts(parts: Any, where: str) -> None:
    """Check for at least two parts: one to learn from and one to label."""
    count(parts, where)
    if parts < 2:
        raise UserError(f"{where}: expected at least 2 parts, got {parts}")


def check_hooks(hooks: Any, where: str) -> None:
    """Check that each hook names its type, or is ``None``, which leaves mmengine's out."""
    for name, hook in hooks.items():
        if hook is not None and name != "checkpoint":
            typed(hook, f"{where}.{name}")


def check_checkpoint(checkpoint: Any, where: str) -> None:
    """Check that checkpoints are asked to serve resuming and nothing else."""
    a_dict(checkpoint, where)
    for key in checkpoint:
        if key not in CHECKPOINT_KEYS:
            raise UserError(
                f"{where}.{key}: not used here; checkpoints are for resuming, and the last one is "
                f"the result. Known: {', '.join(CHECKPOINT_KEYS)}"
            )
    if checkpoint.get("by_epoch"):
        raise UserError(f"{where}.by_epoch: must be False; training is by iteration")
    count(checkpoint.get("interval", DEFAULT_INTERVAL), f"{where}.interval")


def check_accumulation(config: Mapping[str, Any], where: str) -> None:
    """Check that every checkpoint falls on an optimiser step: gradients are not saved."""
    accumulated = config["optim_wrapper"].get("accumulative_counts", 1)
    checkpoint = config["default_hooks"].get("checkpoint") or {}
    interval = checkpoint.get("interval", DEFAULT_INTERVAL)
    if interval % accumulated:
        raise UserError(
            f"{where}default_hooks.checkpoint.interval: must be a multiple of optim_wrapper."
            f"accumulative_counts ({accumulated}), so that no gradient is lost on resuming; "
            f"got {interval}"
        )
