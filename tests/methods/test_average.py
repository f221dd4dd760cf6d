"""A moving average of weights: a plain mean at first, then a decaying one, buffers included."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ssl_seg.methods.average import AVERAGE, Averaged, follow
from ssl_seg.methods.method import FOLLOWER
from ssl_seg.methods.supervised import Supervised


def network(value):
    made = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    for tensor in (*made.parameters(), *made.buffers()):
        tensor.data.fill_(value)
    return made


def values(made):
    return {name: float(tensor.float().mean()) for name, tensor in made.state_dict().items()}


def test_the_first_weights_count_alike_and_later_ones_decay():
    average, expected = network(100), None
    for iteration, value in enumerate([2.0, 4.0, 9.0, 1.0]):
        follow(average, network(value), 0.6, iteration)
        decay = min(1 - 1 / (iteration + 1), 0.6)
        expected = value if expected is None else decay * expected + (1 - decay) * value
        found = values(average)
        # The number of batches is a whole number, and copied.
        assert found.pop("1.num_batches_tracked") == value
        assert found == pytest.approx(dict.fromkeys(found, expected))


def test_without_decay_it_is_the_network_bit_by_bit():
    average, student = network(3), network(0)
    for tensor in student.parameters():
        tensor.data.normal_()
    follow(average, student, 0.0, 7)
    pairs = zip(average.state_dict().values(), student.state_dict().values(), strict=True)
    for mean, value in pairs:
        assert torch.equal(mean, value)


def test_an_averaged_method_publishes_the_average():
    method = Averaged(Supervised(), 0.9)
    assert method.companions == {AVERAGE: FOLLOWER}
    assert method.published == AVERAGE
    assert method.copies == Supervised.copies
