"""Dropout of whole channels of a backbone's features."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ssl_seg.core.errors import UserError
from ssl_seg.models.dense import Features


def random_channels(count: int, features: Features) -> list[Tensor]:
    """Draw weights that drop half of the channels, as Dropout2d(0.5) does, level by level.

    Args:
        count: n, of pictures.
        features: what the weights are for.

    Returns:
        For each level (n, C) of 0 and 2, on the CPU.

    Raises:
        UserError: a level is no map of channels.
    """
    _require_maps(features)
    return [_zeros_and_twos(count, level.shape[1]) for level in features]


def complementary_channels(count: int, features: Features) -> list[Tensor]:
    """Draw weights for two copies of pictures: what one drops, the other keeps.

    A random half of the pictures keeps all channels in both copies. A picture has one mask for all
    levels, as long as the widest; narrower ones use its first channels.

    Args:
        count: n, of pictures.
        features: what the weights are for.

    Returns:
        For each level (2n, C), on the CPU: the first copies of the pictures, then the second ones.

    Raises:
        UserError: a level is no map of channels.
    """
    _require_maps(features)
    first = _zeros_and_twos(count, max(level.shape[1] for level in features))
    first[torch.randperm(count)[: count // 2]] = 1
    both = torch.cat([first, 2 - first])
    return [both[:, : level.shape[1]] for level in features]


def weighted(features: Features, weights: Sequence[Tensor]) -> Features:
    """Multiply the channels of the last pictures by weights (n, C), level by level."""
    return tuple(
        torch.cat([level[: -len(weight)], level[-len(weight) :] * _like(level, weight)])
        for level, weight in zip(features, weights, strict=True)
    )


def _require_maps(features: Features) -> None:
    for level in features:
        if not isinstance(level, Tensor):
            raise UserError(
                "model.backbone: the method drops channels of feature maps, but this backbone "
                f"gives {type(level).__name__}s, as of maps with class tokens; choose one of "
                "plain maps, or another method"
            )


def _zeros_and_twos(count: int, channels: int) -> Tensor:
    return 2 * (torch.rand(count, channels) < 0.5).float()


def _like(level: Tensor, weight: Tensor) -> Tensor:
    return weight[:, :, None, None].to(level)
