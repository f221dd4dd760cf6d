"""The loss of UA-MT is that of its formula, computed here with torch alone."""

from __future__ import annotations

from copy import deepcopy
from math import exp, log

import pytest
import torch
from torch import nn
from torch.nn import functional

from ssl_seg.core.errors import UserError
from ssl_seg.methods import UAMT
from ssl_seg.methods.step import Group
from ssl_seg.models.dense import probabilities_of


def test_one_step_is_the_formula(batch, step):
    method = UAMT(weight=3.0, votes=3)
    made = step(method, batch(unlabeled=2, copies=1), iteration=4)
    head = made.networks["teacher"].decode_head
    head.conv_seg.weight.data.mul_(-0.7)
    head.dropout = nn.Dropout2d(0.3).eval()
    student, teacher = deepcopy(made.student), deepcopy(made.networks["teacher"]).eval()
    pictures, masks = made.pictures, Group(made.pictures, made.samples).masks
    torch.manual_seed(5)
    losses = method.losses(made)
    torch.manual_seed(5)
    weak = pictures[2:]
    contrast = weak.flatten(2).var(dim=2, correction=0).sqrt()[..., None, None]
    passes = []
    with torch.no_grad():
        for number in range(4):
            # What the student is to say comes from the first pass, without dropout.
            teacher.decode_head.dropout.train(number > 0)
            noise = torch.clip(0.1 * torch.randn(weak.shape), -0.2, 0.2)
            passes.append(teacher(weak + contrast * noise, mode="tensor").softmax(dim=1))
    taught, mean = passes[0], torch.stack(passes[1:]).mean(dim=0)
    ramp = exp(-5 * 0.6**2)
    certain = -torch.xlogy(mean, mean).sum(dim=1) < (0.75 + 0.25 * ramp) * log(mean.shape[1])
    kept = certain & (masks[2:] != 255)
    assert 0 < kept.sum() < (masks[2:] != 255).sum()
    said = student(pictures, mode="tensor")
    supervised = functional.cross_entropy(said[:2], masks[:2], ignore_index=255)
    difference = (said[2:].softmax(dim=1) - taught).permute(0, 2, 3, 1)
    assert torch.allclose(losses["decode.loss_ce"], supervised, atol=1e-5)
    expected = 3 * ramp * (difference[kept] ** 2).mean()
    assert torch.allclose(losses["loss_unlabeled"], expected, atol=1e-5)


def test_dropout_alone_can_be_on_in_a_teacher(student):
    network = student().eval()
    network.decode_head.dropout = nn.Dropout2d(0.5)
    network.eval()
    pictures = torch.randn(2, 3, 24, 32)
    before = {name: value.clone() for name, value in network.named_buffers()}
    first, second = (probabilities_of(network, pictures, dropout=True) for _ in range(2))
    assert not torch.equal(first, second)
    assert torch.equal(probabilities_of(network, pictures), probabilities_of(network, pictures))
    assert not any(module.training for module in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.named_buffers())


@pytest.mark.parametrize("wrong", [{"weight": -1}, {"decay": 1}, {"noise": -1}, {"votes": 0}])
def test_wrong_arguments_are_named(wrong):
    with pytest.raises(UserError, match=f"^{next(iter(wrong))}: expected"):
        UAMT(**wrong)
