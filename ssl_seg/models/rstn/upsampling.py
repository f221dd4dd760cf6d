"""Bilinear upsampling as a transposed convolution that does not learn."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn


@final
class BilinearUpsampling(nn.ConvTranspose2d):
    """Upsamples each channel by linear interpolation; its weights are fixed.

    Pixel o of the output has the value at (o + 1/2) / s - 1 of the input, which is zero outside.

    Args:
        channels: of input and output.
        stride: the factor s; (H, W) becomes (s(H + 1), s(W + 1)).
    """

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__(channels, channels, 2 * stride, stride, bias=False)
        self.weight.requires_grad_(False)
        with torch.no_grad():
            self.weight.zero_()
            each = torch.arange(channels)
            self.weight[each, each] = bilinear_kernel(stride)


def bilinear_kernel(stride: int) -> Tensor:
    """Return what one pixel contributes to its surroundings, (2 stride, 2 stride), from 0 to 1."""
    distances = (torch.arange(2 * stride) - (stride - 0.5)).abs() / stride
    return torch.outer(1 - distances, 1 - distances)
