"""Noise on pictures is as strong as their contrast, and bounded."""

from __future__ import annotations

import torch

from ssl_seg.methods.noise import noisy


def test_noise_is_the_same_share_of_any_picture_s_contrast():
    torch.manual_seed(0)
    picture = torch.randn(1, 1, 100, 100)
    pictures = torch.cat([picture, 60 * picture + 100], dim=1)
    added = noisy(pictures, 0.1) - pictures
    shares = added / pictures.std(dim=(2, 3), keepdim=True)
    assert shares.abs().max() <= 0.2001
    # A normal distribution that is cut off at two standard deviations has 0.96 of its own.
    assert torch.allclose(shares.std(dim=(2, 3)), torch.tensor(0.096), atol=0.005)


def test_an_even_picture_stays_as_it_is():
    picture = torch.full((1, 1, 4, 4), 7.0)
    assert torch.equal(noisy(picture, 0.1), picture)
