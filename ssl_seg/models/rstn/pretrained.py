"""Weight files that RSTN's two FCNs start from: FCN-8s or VGG16, as others publish them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ssl_seg.core.brief import brief
from ssl_seg.core.errors import UserError
from ssl_seg.models.rstn.initial_weights import is_score
from ssl_seg.models.rstn.network import RSTNetwork
from ssl_seg.models.rstn.shape import FCNShape

_NESTED = ("state_dict", "model_state_dict")
"""Keys under which training programs keep the weights in a checkpoint."""


def load_pretrained(network: RSTNetwork, path: Path) -> None:
    """Copy every layer that does not score classes from a weight file into both FCNs.

    The file holds an FCN-8s with the layer names of wkentaro/pytorch-fcn (``conv1_1.weight``, ...;
    classes do not matter), or a VGG16 with those of torchvision (``features.0.weight``, ...), whose
    fully connected layers become convolutions.

    Args:
        network: changed in place, wholly or not at all.
        path: of the file.

    Raises:
        OSError: the file cannot be read.
        UserError: it holds anything but tensors and plain values, no such network, or one of
            another shape; the message names file and layer.
    """
    weights = _read(path)
    shape = network.coarse.shape
    names = _torchvision_names(shape) if "features.0.weight" in weights else {}
    layers = [
        (f"{names.get(name, name)}.{part}", getattr(layer, part))
        for fcn in (network.coarse, network.fine)
        for name, layer in fcn.layers().items()
        if not is_score(name)
        for part in ("weight", "bias")
    ]
    if missing := [key for key in dict(layers) if key not in weights]:
        raise UserError(
            f"{path}: expected the weights of an FCN-8s named as in pytorch-fcn (conv1_1.weight) "
            f"or of a VGG16 named as in torchvision (features.0.weight); it lacks {brief(missing)} "
            f"and has {brief(list(weights)) or 'nothing'}"
        )
    fitting = [(own, _fitted(weights[key], own, f"{path}: {key}")) for key, own in layers]
    with torch.no_grad():
        for own, value in fitting:
            own.copy_(value)


def _read(path: Path) -> Mapping[str, Tensor]:
    try:
        loaded: Any = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # torch raises many kinds, which all mean this
        raise UserError(
            f"{path}: expected a weight file of tensors and plain values, which loads with "
            "weights_only=True; export the state dict alone to a new file"
        ) from error
    if isinstance(loaded, Mapping):
        loaded = next((loaded[key] for key in _NESTED if key in loaded), loaded)
    if not isinstance(loaded, Mapping):
        raise UserError(f"{path}: expected a dict of tensors by name, got {type(loaded).__name__}")
    return {key: value for key, value in loaded.items() if isinstance(value, Tensor)}


def _torchvision_names(shape: FCNShape) -> dict[str, str]:
    """Return torchvision's name of each layer, which is its number among all of its kind."""
    names: dict[str, str] = {}
    number = 0
    for stage, (_, count) in enumerate(shape.stages, start=1):
        for place in range(1, count + 1):
            names[f"conv{stage}_{place}"] = f"features.{number}"
            number += 2  # a ReLU follows
        number += 1  # and a pooling the stage
    last = len(shape.stages)
    return names | {f"fc{last + 1}": "classifier.0", f"fc{last + 2}": "classifier.3"}


def _fitted(value: Tensor, own: nn.Parameter, place: str) -> Tensor:
    """Return a weight in the shape of the layer's own; fully connected ones are unfolded."""
    connected = value.ndim == 2 and own.ndim == 4
    if value.shape == own.shape or (connected and value.shape == own.flatten(1).shape):
        return value.reshape(own.shape)
    raise UserError(
        f"{place} has the shape {tuple(value.shape)}, but the network needs {tuple(own.shape)}; "
        "weight files of others fit network='vgg16' at width 1 only"
    )
