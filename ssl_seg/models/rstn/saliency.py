"""The saliency transformation: from the coarse network's probabilities to weights of the image."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from ssl_seg.models.rstn.channels import SLICES
from ssl_seg.models.rstn.release import Release, draw_


@final
class SaliencyTransformation(nn.Module):
    """Turns a probability map into what the image is multiplied with before the fine network.

    Yu et al.: Recurrent Saliency Transformation Network (CVPR 2018).

    Args:
        release: the version.
        channels: of the probability map.
    """

    def __init__(self, release: Release, channels: int) -> None:
        super().__init__()
        self._release = release
        self.hidden = (
            None if release.hidden is None else nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.output = nn.Conv2d(channels, SLICES, 5, padding=2)

    def init_weights(self) -> None:
        """Draw the first weights anew from torch's global generator."""
        if self.hidden is not None and self._release.hidden is not None:
            draw_(self.hidden, self._release.hidden, (1.0,))
        draw_(self.output, self._release.output, self._release.output_bias)

    def forward(self, probability: Tensor) -> Tensor:
        """Return weights (N, 3, H, W), of any sign, for probabilities (N, channels, H, W)."""
        features = probability if self.hidden is None else torch.relu(self.hidden(probability))
        weights: Tensor = self.output(features)
        return weights
