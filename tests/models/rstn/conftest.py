"""A tiny RSTN, and slices with a bright organ among other things."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from mmengine.structures import PixelData

from ssl_seg.models.rstn import RSTN

# This needs mmsegmentation, which the module above makes importable.
from mmseg.structures import SegDataSample  # isort: skip


def made(*, seed=0, network="tiny", **arguments):
    """Build a model and draw its first weights."""
    torch.manual_seed(seed)
    model = RSTN(network=network, **arguments)
    model.init_weights()
    return model


def triple(height=48, width=40, seed=0):
    """Draw images (1, 3, H, W) and labels alike: one organ, away from the borders, and noise."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.zeros(1, 3, height, width, dtype=torch.uint8)
    for number in range(3):
        labels[0, number, height // 3 : height // 2 + number, width // 4 : width // 2] = 1
    images = 0.3 + 0.4 * labels + 0.1 * torch.rand(labels.shape, generator=random)
    return images, labels


def samples(labels):
    """Wrap labels (N, 3, H, W) as a model's loss takes them."""
    return [SegDataSample(gt_sem_seg=PixelData(data=each)) for each in labels]


@pytest.fixture(scope="session")
def rstn():
    """Makes models, slices and samples."""
    return SimpleNamespace(made=made, triple=triple, samples=samples)
