"""The loss of CPS is that of its formula, computed here with torch alone."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch.nn import functional

from ssl_seg.methods import CPS
from ssl_seg.methods.boxes import xor_boxes
from ssl_seg.methods.step import Group


def labels_of(network, pictures):
    with torch.no_grad():
        return deepcopy(network).eval()(pictures, mode="tensor").argmax(dim=1)


def entropy(said, labels):
    return functional.cross_entropy(said, labels, ignore_index=255)


def copies_of(made):
    """Return the two networks as they are before the step."""
    return [deepcopy(made.networks[name]) for name in ("student", "peer")]


def require_losses(losses, networks, pictures, masks, labels, *, first, weight):
    """Compare both networks' losses; ``labels`` are of the pictures from ``first`` on."""
    for prefix, network, said_by_other in zip(
        ("", "peer."), networks, reversed(labels), strict=True
    ):
        said = network(pictures, mode="tensor")
        supervised = entropy(said[:2], masks[:2])
        cross = entropy(said[first:], said_by_other)
        assert torch.allclose(losses[f"{prefix}decode.loss_ce"], supervised, atol=1e-5)
        assert torch.allclose(losses[f"{prefix}loss_cross"], weight * cross, atol=1e-5)


def test_without_cutmix_both_learn_all_labels_of_the_other(batch, step):
    method = CPS(weight=0.7, cutmix=False)
    made = step(method, batch(copies=1))
    networks, masks = copies_of(made), Group(made.pictures, made.samples).masks
    labels = [labels_of(network, made.pictures) for network in networks]
    assert not labels[0].equal(labels[1])
    labels = [torch.where(masks == 255, 255, label) for label in labels]
    losses = method.losses(made)
    require_losses(losses, networks, made.pictures, masks, labels, first=0, weight=0.7)


@pytest.mark.parametrize("unlabeled", [2, 3])
def test_with_cutmix_both_learn_labels_of_mixed_pictures(batch, step, unlabeled):
    method = CPS(weight=0.7)
    made = step(method, batch(unlabeled=unlabeled, copies=1))
    networks, masks = copies_of(made), Group(made.pictures, made.samples).masks
    torch.manual_seed(5)
    losses = method.losses(made)
    torch.manual_seed(5)
    boxes = xor_boxes(unlabeled, made.pictures.shape[-2:])
    backwards = range(unlabeled)[::-1]

    def mixed(values):
        pairs = zip(boxes, range(unlabeled), backwards, strict=True)
        return torch.stack([torch.where(box, values[o], values[a]) for box, a, o in pairs])

    unlabeled_masks = masks[2:]
    labels = [
        mixed(torch.where(unlabeled_masks == 255, 255, labels_of(network, made.pictures[2:])))
        for network in networks
    ]
    pictures = torch.cat([made.pictures[:2], mixed(made.pictures[2:])])
    require_losses(losses, networks, pictures, masks, labels, first=2, weight=0.7)


def test_each_network_gets_gradients_of_its_own_losses_alone(batch, step):
    method = CPS()
    made = step(method, batch(copies=1))
    losses = method.losses(made)
    losses["peer.loss_cross"].backward()
    assert all(weight.grad is None for weight in made.student.parameters())
    assert made.networks["peer"].decode_head.conv_seg.weight.grad.abs().sum() > 0


def test_both_networks_stay_in_train_mode_and_see_one_batch(batch, step):
    method = CPS()
    made = step(method, batch(copies=1))
    method.losses(made)
    for network in made.networks.values():
        assert network.training
        counts = [b for name, b in network.named_buffers() if "num_batches" in name]
        assert counts
        assert all(int(count) == 1 for count in counts)
