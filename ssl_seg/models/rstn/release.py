"""The three released versions of RSTN, which differ around the saliency transformation.

=========  ===========  ============================================  =====================
release    FCNs end in  transformation of the coarse probabilities    its first weights
=========  ===========  ============================================  =====================
caffe_v1   3×3 conv     5×5 conv                                      0, bias 1
caffe_v2   –            3×3 conv, ReLU, 5×5 conv                      Xavier, bias 1 (both)
pytorch    –            3×3 conv, ReLU, 5×5 conv                      Xavier, bias 1; then 0,
                                                                      bias 1, 1.5 and 2
=========  ===========  ============================================  =====================

From 198808xc/OrganSegRSTN (April and July 2018) and twni2016/OrganSegRSTN_PyTorch. The read-me of
caffe_v2 still describes the first weights of caffe_v1; the table follows its network files.
The PyTorch release drops whole channels of the wide layers, the Caffe ones single elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor, nn

Fill = Callable[[Tensor], Tensor]
"""Fills a weight in place."""


def caffe_xavier_(weight: Tensor) -> Tensor:
    """Fill a weight as Caffe's ``xavier`` does: uniform, variance 1 / fan-in."""
    bound = sqrt(3 / weight[0].numel())
    return nn.init.uniform_(weight, -bound, bound)


@torch.no_grad()
def draw_(layer: nn.Conv2d, fill: Fill, bias: Sequence[float]) -> None:
    """Fill a layer's weights, and its bias with one value for all channels or one for each."""
    fill(layer.weight)
    if layer.bias is not None:
        layer.bias.copy_(torch.tensor(bias))


@dataclass(frozen=True)
class Release:
    """What a released version does differently.

    Attributes:
        hidden: fills the transformation's 3×3 convolution; ``None`` where there is none.
        output: fills its 5×5 convolution.
        output_bias: of the three weighted slices.
        final_conv: whether both FCNs end in one more 3×3 convolution.
        dropout: of the FCNs.
    """

    hidden: Fill | None
    output: Fill
    output_bias: tuple[float, float, float]
    final_conv: bool
    dropout: type[nn.Module]


RELEASES = {
    "caffe_v1": Release(None, nn.init.zeros_, (1.0, 1.0, 1.0), True, nn.Dropout),
    "caffe_v2": Release(caffe_xavier_, caffe_xavier_, (1.0, 1.0, 1.0), False, nn.Dropout),
    "pytorch": Release(
        nn.init.xavier_normal_, nn.init.zeros_, (1.0, 1.5, 2.0), False, nn.Dropout2d
    ),
}
