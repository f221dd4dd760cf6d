"""ClassMix's loss is that of its formula, computed here with torch alone."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch.nn import functional

from ssl_seg.methods import ClassMix
from ssl_seg.methods.step import STUDENT, Group


def teacher_of(made):
    return deepcopy(made.networks["teacher"]).eval()


def expected(made, teacher, threshold):
    """Return supervised and unlabeled loss of [2 labeled, weak, strong, weak, strong, ...]."""
    pictures, masks = made.pictures, Group(made.pictures, made.samples).masks
    weak, strong, valid = pictures[2::2], pictures[3::2], masks[3::2] != 255
    with torch.no_grad():
        probabilities = torch.softmax(teacher(weak, mode="tensor"), dim=1)
    mixed, labels, confidences, counted = [], [], [], []
    for at in range(len(weak)):
        after = (at + 1) % len(weak)
        found = probabilities[at].argmax(dim=0)
        present = sorted({int(value) for value in found[valid[at]]})
        order = torch.randperm(len(present)).tolist()[: len(present) // 2]
        mask = torch.zeros_like(valid[at])
        for place in order:
            mask |= (found == present[place]) & valid[at]
        mixed.append(mask * strong[at] + ~mask * strong[after])
        softmax = mask * probabilities[at] + ~mask * probabilities[after]
        confidence, label = softmax.max(dim=0)
        labels.append(label)
        confidences.append(confidence)
        counted.append(torch.where(mask, valid[at], valid[after]))
    said = made.student(torch.cat([pictures[:2], torch.stack(mixed)]), mode="tensor")
    supervised = functional.cross_entropy(said[:2], masks[:2], ignore_index=255)
    where = torch.stack(counted)
    targets = torch.where(where, torch.stack(labels), 255)
    entropy = functional.cross_entropy(said[2:], targets, ignore_index=255)
    share = (torch.stack(confidences)[where] >= threshold).float().mean()
    assert 0 < share < 1
    return supervised, share * entropy


@pytest.mark.parametrize("unlabeled", [2, 3])
def test_one_step_is_the_formula(batch, step, unlabeled):
    method = ClassMix(threshold=0.6, weight=2.0)
    made = step(method, batch(unlabeled=unlabeled))
    made.networks["teacher"].decode_head.conv_seg.weight.data.mul_(-1)
    teacher = teacher_of(made)
    torch.manual_seed(5)
    losses = method.losses(made)
    torch.manual_seed(5)
    supervised, mixed = expected(made, teacher, 0.6)
    assert torch.allclose(losses["decode.loss_ce"], supervised, atol=1e-5)
    assert torch.allclose(losses["loss_unlabeled"], 2 * mixed, atol=1e-5)


def test_a_teacher_that_is_never_sure_teaches_nothing(batch, step):
    method = ClassMix(threshold=0.999999)
    assert method.losses(step(method, batch()))["loss_unlabeled"] == 0


def test_the_teacher_follows_the_student(batch, step):
    method = ClassMix(decay=0.9)
    made = step(method, batch(), iteration=50, iterations=100)
    weight = made.networks["teacher"].decode_head.conv_seg.weight
    before = weight.clone()
    made.networks[STUDENT].decode_head.conv_seg.weight.data.add_(1)
    method.after_step(made)
    assert torch.allclose(weight, before + 0.1, atol=1e-5)
