"""Upsampling is linear interpolation, and nothing teaches it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from ssl_seg.models.rstn.upsampling import BilinearUpsampling

STRIDES = [2, 4, 8]


def linear(length, stride):
    """Return the (stride (length + 1), length) matrix of interpolation with zeros outside."""
    positions = (np.arange(stride * (length + 1)) + 0.5) / stride - 1
    return np.maximum(0, 1 - np.abs(positions[:, None] - np.arange(length)))


@pytest.mark.parametrize("stride", STRIDES)
def test_each_pixel_is_interpolated_between_its_neighbours(stride):
    maps = torch.rand(2, 3, 4, 5)
    rows, columns = linear(4, stride), linear(5, stride)
    expected = np.einsum("yi,ncij,xj->ncyx", rows, maps.numpy(), columns)
    np.testing.assert_allclose(BilinearUpsampling(3, stride)(maps).numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("stride", STRIDES)
def test_inside_it_is_torchs_interpolation(stride):
    maps = torch.rand(1, 2, 6, 7)
    around = stride // 2
    ours = BilinearUpsampling(2, stride)(maps)[..., around:-around, around:-around]
    theirs = interpolate(maps, scale_factor=stride, mode="bilinear")
    inside = (..., slice(around, -around), slice(around, -around))
    torch.testing.assert_close(ours[inside], theirs[inside])


def test_it_does_not_learn():
    assert not any(weight.requires_grad for weight in BilinearUpsampling(3, 8).parameters())
