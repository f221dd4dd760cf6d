"""Losses, weights and logits that are not finite: found before anybody uses what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import torch
from torch import Tensor, nn

from ssl_seg.core.errors import UserError

_SHOWN = 8

_ADVICE = (
    "Try a lower learning rate (optim_wrapper.optimizer.lr), a warm-up (LinearLR first in "
    "param_scheduler), clipped gradients (optim_wrapper.clip_grad=dict(max_norm=1)), or bfloat16 "
    "or single precision instead of float16. If it is always the same cases, look at their images "
    "and masks"
)


class NotFiniteError(UserError):
    """A loss or a prediction is not finite; of an untrained model this need not mean anything."""


def require_finite_loss(losses: Mapping[str, Any], iteration: int, samples: Sequence[Any]) -> None:
    """Check what an iteration's losses sum up to.

    Args:
        losses: by name, as a training step returns them; ``loss`` is the total.
        iteration: counted from 1, for the message.
        samples: of the batch, whose ``case`` the message names.

    Raises:
        NotFiniteError: the total is not finite; names iteration, parts and cases.
    """
    if bool(torch.isfinite(torch.as_tensor(losses["loss"]))):
        return
    parts = {
        name: float(torch.as_tensor(value).detach())
        for name, value in losses.items()
        if "loss" in name
    }
    wrong = {name: value for name, value in parts.items() if not -inf < value < inf}
    # The total is no part; it stands alone only where finite parts sum up to more than there is.
    named = {name: value for name, value in wrong.items() if name != "loss"} or wrong
    said = ", ".join(f"{name} is {value}" for name, value in named.items())
    raise NotFiniteError(
        f"iteration {iteration}: the loss is not finite: {said}; cases of the batch: "
        f"{_listed(_cases(samples))}. {_ADVICE}"
    )


def require_finite_model(model: nn.Module, source: Any) -> None:
    """Check a model that weights were loaded into.

    Args:
        model: as loaded.
        source: where the weights come from, for the message.

    Raises:
        UserError: a parameter is not finite, or a buffer is NaN or plus infinity.
    """
    if wrong := _wrong_weights(model.state_dict(), model):
        raise UserError(
            f"{source}: the weights are not finite ({wrong}): the training that made them has "
            "diverged; use another file, or train that model again with a lower learning rate or "
            "clipped gradients"
        )


def require_finite_training(
    weights: Mapping[str, Tensor], model: nn.Module, iteration: int
) -> None:
    """Check what a training is about to save.

    Args:
        weights: the state dict to be saved, perhaps of averages of the model's weights.
        model: that is trained.
        iteration: that it has reached.

    Raises:
        UserError: a parameter is not finite, or a buffer is NaN or plus infinity.
    """
    if wrong := _wrong_weights(weights, model):
        raise UserError(f"iteration {iteration}: the weights are not finite ({wrong}). {_ADVICE}")


def require_finite_maps(maps: Tensor, samples: Sequence[Any]) -> None:
    """Check what a network says of samples.

    Finite weights may still be so large that no number holds what they make of an image.

    Args:
        maps: logits or probabilities; minus infinity is a class that cannot be.
        samples: what they are of, for the message.

    Raises:
        NotFiniteError: one is NaN or plus infinity.
    """
    if not bool((maps < inf).all()):
        names = [str(sample.get("img_path")) for sample in samples]
        raise NotFiniteError(
            f"{_listed(names)}: what the model predicts is not finite: its training has diverged; "
            "train it again with a lower learning rate or clipped gradients"
        )


def _wrong_weights(weights: Mapping[str, Tensor], model: nn.Module) -> str | None:
    """Name the weights that are not finite; ``None`` if all are."""
    parameters = {name for name, _ in model.named_parameters()}
    floating = {name: value for name, value in weights.items() if value.is_floating_point()}
    # Minus infinity in a buffer is how attention masks are kept.
    fine = [
        (value.isfinite() if name in parameters else value < inf).all()
        for name, value in floating.items()
    ]
    # One transfer for all, where they lie on a GPU.
    known = torch.stack(fine).tolist() if fine else []
    wrong = [name for name, good in zip(floating, known, strict=True) if not good]
    return _listed(wrong) if wrong else None


def _cases(samples: Sequence[Any]) -> list[str]:
    named = (f"{sample.get('case')} ({sample.get('source')})" for sample in samples)
    # Copies of a sample are one case.
    return list(dict.fromkeys(named))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
