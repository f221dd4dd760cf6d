"""Noise on pictures, by which a teacher's view differs from the student's."""

from __future__ import annotations

import torch
from torch import Tensor


def noisy(pictures: Tensor, deviation: float) -> Tensor:
    """Return pictures with normal noise, cut off at twice its standard deviation.

    The noise is measured in standard deviations of each channel of each picture, so that it means
    the same however the model's preprocessor scales them.

    Args:
        pictures: (N, C, H, W).
        deviation: of the noise, in standard deviations of a picture's channel.
    """
    unit = torch.randn(pictures.shape).clamp(-2, 2).to(pictures)
    contrast = pictures.std(dim=(2, 3), correction=0, keepdim=True)
    return pictures + deviation * contrast * unit
