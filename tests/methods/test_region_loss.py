"""The loss of a region sees the region alone, and is never 0 / 0."""

from __future__ import annotations

import pytest
import torch

from ssl_seg.methods.region_loss import region_loss


@pytest.fixture
def made():
    random = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(2, 4, 6, 8, generator=random)
    labels = torch.randint(0, 3, (2, 6, 8), generator=random)  # class 3 is nowhere
    region = torch.rand(2, 6, 8, generator=random) < 0.5
    return logits.requires_grad_(), labels, region


def test_it_is_the_formula_pixel_by_pixel(made):
    logits, labels, region = made
    p = torch.softmax(logits, dim=1).permute(0, 2, 3, 1)[region].double()
    y = labels[region]
    entropy = -torch.log(p[torch.arange(len(y)), y]).mean()
    dice = []
    for number in range(4):
        q, t = p[:, number], (y == number).double()
        dice.append(1 - 2 * (q * t).sum() / ((q * q).sum() + (t * t).sum()))
    expected = (entropy + torch.stack(dice).mean()) / 2
    assert torch.allclose(region_loss(logits, labels, region).double(), expected, atol=1e-5)


def test_what_lies_outside_has_no_part_in_it(made):
    logits, labels, region = made
    loss = region_loss(logits, labels, region)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert (gradient.abs().sum(dim=1) > 0).equal(region)
    assert region_loss(logits, labels.where(region, 255), region).equal(loss)


def test_an_empty_region_costs_nothing(made):
    logits, labels, region = made
    loss = region_loss(logits, labels, torch.zeros_like(region))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss == 0
    assert not gradient.any()


def test_confident_nonsense_is_finite(made):
    logits, labels, region = made
    (gradient,) = torch.autograd.grad(region_loss(1e4 * logits, labels, region), logits)
    assert gradient.isfinite().all()
