"""Check every type and argument that a config names, before any work starts."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from mmengine.registry import Registry

from ssl_seg import registry
from ssl_seg.config.overlays import overlaid_parts, reference_inference
from ssl_seg.config.reference_sets import reference_sets
from ssl_seg.core.errors import UserError
from ssl_seg.data import transforms  # noqa: F401 - registers the transforms
from ssl_seg.models import rstn  # noqa: F401 - registers RSTN
from ssl_seg.registry import (
    ADAPTERS,
    EXECUTORS,
    METHODS,
    PREDICTORS,
    SCOPE,
    check_arguments,
    suggestion,
)
from ssl_seg.runner import amp, loop  # noqa: F401 - register their types

PLACES = {
    "model": "MODELS",
    "pipeline": "TRANSFORMS",
    "strong": "TRANSFORMS",
    "optim_wrapper": "OPTIM_WRAPPERS",
    "optimizer": "OPTIMIZERS",
    "param_scheduler": "PARAM_SCHEDULERS",
    "default_hooks": "HOOKS",
    "custom_hooks": "HOOKS",
    "visualizer": "VISUALIZERS",
    "vis_backends": "VISBACKENDS",
    "log_processor": "LOG_PROCESSORS",
    "init_cfg": "WEIGHT_INITIALIZERS",
    "sampler": "TASK_UTILS",
    "data_preprocessor": "MODELS",
    "norm_cfg": "MODELS",
    "act_cfg": "MODELS",
    "conv_cfg": "MODELS",
    "upsample_cfg": "MODELS",
}
"""Registry of the dicts with a type below a key; deeper keys stay with it unless listed."""

BACKEND_PACKAGES = {
    "AimVisBackend": "aim",
    "ClearMLVisBackend": "clearml",
    "DVCLiveVisBackend": "dvclive",
    "MLflowVisBackend": "mlflow",
    "NeptuneVisBackend": "neptune",
    "TensorboardVisBackend": "tensorboard",
    "WandbVisBackend": "wandb",
}
"""What mmengine's visualizer backends import when the first loss is logged."""

READ_BY_BUILDERS = {"optim_wrapper": ("constructor", "paramwise_cfg")}
"""Keys of a part that its builder takes out before the type sees the others."""

OPAQUE = frozenset({"norm_cfg", "act_cfg", "conv_cfg", "upsample_cfg", "sampler", "log_processor"})
"""Parts whose other keys go to functions that sort them out themselves: only types are checked."""


def check_types(config: Mapping[str, Any]) -> None:
    """Check types and arguments of a config's training side against the registries.

    Args:
        config: a checked config; ``custom_imports`` have been imported.

    Raises:
        UserError: a type is not registered or an argument is unknown or missing; the message names
            the place in the config and near names.
    """
    # The base comes first: once it has passed, what is wrong stands in an overlay.
    for part, where in overlaid_parts(config):
        _check_training(part, where)
        if part["method"] is not None:
            _check(METHODS.get, METHODS.names(), part["method"], f"{where}method")
        volumes = bool(config["views"])
        _check_inference(part["inference"], f"{where}inference", volumes=volumes)
        _check_inference(reference_inference(part), f"{where}reference_inference", volumes=volumes)
    _check(EXECUTORS.get, EXECUTORS.names(), config["executor"], "executor")
    for position, adapter in enumerate(config["adapters"]):
        _check(ADAPTERS.get, ADAPTERS.names(), adapter, f"adapters[{position}]")


def _check_inference(inference: Any, where: str, *, volumes: bool) -> None:
    # Models and pipeline, and the cache of volumes.
    given, other = (3, 2) if volumes else (2, 3)
    _check(PREDICTORS.get, PREDICTORS.names(), inference, where, positional=given)
    entry: Any = PREDICTORS.get(inference["type"])
    if not _takes(entry, given) and _takes(entry, other):
        kind = inference["type"]
        raise UserError(
            f"{where}.type: {kind} predicts images, but the config has views, so it labels "
            "volumes; take 'Views', or leave inference out"
            if volumes
            else f"{where}.type: {kind} predicts volumes, but the config has no views, so it "
            "labels images; take 'Image', or leave inference out"
        )


def _takes(entry: Any, positional: int) -> bool:
    """Tell whether an entry can be made of a number of positional arguments, by its defaults."""
    try:
        inspect.signature(entry).bind(*range(positional))
    except TypeError:
        return False
    return True


def _check_training(config: Mapping[str, Any], where: str) -> None:
    for key in (
        "model",
        "optim_wrapper",
        "param_scheduler",
        "default_hooks",
        "custom_hooks",
        "visualizer",
        "vis_backends",
        "strong",
    ):
        _walk(config.get(key), f"{where}{key}", PLACES[key])
    wrapper = config["optim_wrapper"]
    if str(wrapper.get("type")).removeprefix(f"{SCOPE}.") == amp.AmpOptimWrapper.__name__:
        dtype = wrapper.get("dtype", amp.DEFAULT_DTYPE)
        amp.require_dtype(dtype, f"{where}optim_wrapper.dtype")
    for key in ("train_dataloader", "test_dataloader", "val_dataloader"):
        if config.get(key):
            place = f"{where}{key}.dataset.pipeline"
            _walk(config[key]["dataset"].get("pipeline"), place, "TRANSFORMS")
    for part in reference_sets(config["split"]):
        _walk(part.get("pipeline"), f"{where}split.reference.pipeline", "TRANSFORMS")


def _walk(value: Any, where: str, name: str) -> None:
    if isinstance(value, Mapping):
        key = where.rpartition(".")[2].partition("[")[0]
        if isinstance(value.get("type"), str):
            found: Registry = getattr(registry, name)
            _check(found.get, _names(found), value, where, types_only=key in OPAQUE)
        for inner, item in value.items():
            # The keys of default_hooks are names that hooks go by; one of them is param_scheduler.
            place = name if key == "default_hooks" else PLACES.get(inner, name)
            _walk(item, f"{where}.{inner}", place)
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            _walk(item, f"{where}[{position}]", name)


def _check(
    get: Any,
    names: list[str],
    part: Any,
    where: str,
    *,
    positional: int = 0,
    types_only: bool = False,
) -> None:
    if not isinstance(part, Mapping) or "type" not in part:
        raise UserError(f"{where}: expected a dict with a 'type', got {part!r}")
    entry = _found(get, part["type"])
    if entry is None:
        raise UserError(
            f"{where}.type: nothing is registered as {part['type']!r}"
            f"{suggestion(part['type'], names)}"
        )
    package = BACKEND_PACKAGES.get(part["type"])
    if package is not None and find_spec(package) is None:
        raise UserError(
            f"{where}.type: {part['type']} needs the package {package!r}; pip install {package}"
        )
    if not types_only:
        taken = READ_BY_BUILDERS.get(where.rpartition(".")[2], ())
        read = ("type", "_delete_", *taken, *_read_by_initialize(where))
        arguments = {key: item for key, item in part.items() if key not in read}
        _check_given(entry, arguments, where, positional)


def _read_by_initialize(where: str) -> tuple[str, ...]:
    """Return what mmengine takes out of a ``init_cfg`` before it builds the initialiser."""
    if where.endswith(".override"):
        return ("name",)
    return ("override",) if "init_cfg" in where.rpartition(".")[2] else ()


def _check_given(entry: Any, arguments: dict[str, Any], where: str, positional: int) -> None:
    """Check what the config gives; what the builder adds (model, parameters) cannot be missing."""
    try:
        check_arguments(entry, arguments, where, positional=positional)
    except UserError as error:
        if "needs the argument" not in str(error):
            raise


def _found(get: Any, name: str) -> Any:
    try:
        return get(name)
    except RuntimeError:
        # mmengine's way to say that a dotted name is no importable object.
        return None


def _names(found: Registry) -> list[str]:
    names: list[str] = []
    node: Registry | None = found
    while node is not None:
        names += node.module_dict
        node = node.parent
    return sorted(set(names))
