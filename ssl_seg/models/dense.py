"""A forward pass of a segmentor as methods need it: features, its own losses, logits by pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from ssl_seg.compat import import_mmseg
from ssl_seg.core.errors import UserError

import_mmseg()  # mmsegmentation's modules cannot be imported before

from mmseg.models.decode_heads.cascade_decode_head import BaseCascadeDecodeHead  # noqa: E402
from mmseg.models.decode_heads.decode_head import BaseDecodeHead  # noqa: E402
from mmseg.models.segmentors import CascadeEncoderDecoder, EncoderDecoder  # noqa: E402
from mmseg.models.utils import resize  # noqa: E402
from mmseg.utils import add_prefix  # noqa: E402

Features = tuple[Tensor, ...]
"""What a backbone and its neck say of pictures, level by level, each (N, C, h, w)."""

_COMMON_LOSSES = (BaseDecodeHead.loss, BaseCascadeDecodeHead.loss)


@dataclass(frozen=True)
class DensePass:
    """What a segmentor says of pictures.

    All heads see all pictures at once, so that batch normalisation inside them does too.

    Attributes:
        model: an ``EncoderDecoder``, or a cascade of heads.
        features: of the pictures.
        planes: logits of the main head, (N, C, h, w), in a cascade of each head in turn.
    """

    model: Any
    features: Features
    planes: tuple[Tensor, ...]

    @classmethod
    def of(cls, model: Any, pictures: Tensor) -> DensePass:
        """Pass preprocessed pictures (N, C, H, W) through a model."""
        return cls.decoded(model, tuple(model.extract_feat(pictures)))

    @classmethod
    def decoded(cls, model: Any, features: Features) -> DensePass:
        """Pass features through the heads of a model."""
        planes: list[Tensor] = []
        for head in _heads(model):
            planes.append(head.forward(features, *planes[-1:]))
        return cls(model, features, tuple(planes))

    def losses(self, samples: Sequence[Any]) -> dict[str, Tensor]:
        """Return the model's own losses of the first pictures, as its ``loss`` names them.

        Args:
            samples: mmsegmentation's, with masks, each in the label space that its metainfo names.
        """
        count, listed = len(samples), list(samples)
        losses: dict[str, Tensor] = {}
        names = _names(self.model)
        for name, head, planes in zip(names, _heads(self.model), self.planes, strict=True):
            losses |= add_prefix(head.loss_by_feat(planes[:count], listed), name)
        if self.model.with_auxiliary_head:
            features = tuple(level[:count] for level in self.features)
            losses |= self.model._auxiliary_head_forward_train(features, listed)
        return losses

    def logits(self, size: Sequence[int], start: int = 0, end: int | None = None) -> Tensor:
        """Return logits (n, C, H, W) of the pictures from ``start`` on, at the size (H, W)."""
        resized: Tensor = resize(
            self.planes[-1][start:end],
            size=tuple(size),
            mode="bilinear",
            align_corners=self.model.align_corners,
        )
        return resized


def require_dense(model: nn.Module, method: str) -> None:
    """Check that a model has features and heads that give one logit per pixel and class.

    Raises:
        UserError: it has not; names the part.
    """
    if not isinstance(model, EncoderDecoder):
        raise UserError(
            f"model ({type(model).__name__}): the method {method} asks a model for features and "
            "logits as EncoderDecoder has them; choose such a model, or a method that only needs "
            "the model's own loss"
        )
    for head in _heads(model):
        common = getattr(type(head), "loss", None) in _COMMON_LOSSES
        if not common or head.out_channels != head.num_classes:
            raise UserError(
                f"model.decode_head ({type(head).__name__}): the method {method} needs one logit "
                "per pixel and class, and a loss that follows from them; choose a head that keeps "
                "BaseDecodeHead's loss, with out_channels left to num_classes"
            )


@torch.no_grad()
def probabilities_of(model: nn.Module, pictures: Tensor, *, dropout: bool = False) -> Tensor:
    """Return probabilities (N, C, H, W) in single precision without gradients, in eval mode.

    Statistics of batch normalisation are used and not changed, so that what is said of a picture
    does not depend on the others.

    Args:
        model: an ``EncoderDecoder``, or a cascade of heads.
        pictures: (N, C, H, W), preprocessed.
        dropout: whether dropout is on nevertheless, so that passes differ.
    """
    training = model.training
    model.eval()
    for module in model.modules():
        if isinstance(module, _DropoutNd):
            module.train(dropout)
    logits = DensePass.of(model, pictures).logits(pictures.shape[-2:])
    model.train(training)
    return logits.float().softmax(dim=1)


def ignored_by(model: Any) -> int:
    """Return the value that marks pixels without a label."""
    ignore: int = _heads(model)[-1].ignore_index
    return ignore


def _heads(model: Any) -> Sequence[Any]:
    """Return the main head, in a cascade all of them in turn."""
    head = model.decode_head
    return list(head) if isinstance(head, nn.ModuleList) else [head]


def _names(model: Any) -> list[str]:
    if isinstance(model, CascadeEncoderDecoder):
        return [f"decode_{number}" for number in range(len(model.decode_head))]
    return ["decode"]
