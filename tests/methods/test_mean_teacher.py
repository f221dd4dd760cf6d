"""The loss of Mean Teacher is that of its formula, computed here with torch alone."""

from __future__ import annotations

from copy import deepcopy
from math import exp

import pytest
import torch
from torch.nn import functional

from ssl_seg.core.errors import UserError
from ssl_seg.methods import MeanTeacher
from ssl_seg.methods.step import STUDENT, Group


@pytest.mark.parametrize(("copy", "copies"), [("weak", 1), ("strong", 2)])
def test_one_step_is_the_formula(batch, step, copy, copies):
    method = MeanTeacher(weight=3.0, student_copy=copy)
    assert len(method.copies["unlabeled"]) == copies
    made = step(method, batch(unlabeled=3, copies=copies), iteration=4)
    made.networks["teacher"].decode_head.conv_seg.weight.data.mul_(-1)
    student, teacher = deepcopy(made.student), deepcopy(made.networks["teacher"]).eval()
    pictures, masks = made.pictures, Group(made.pictures, made.samples).masks
    torch.manual_seed(5)
    losses = method.losses(made)
    torch.manual_seed(5)
    weak, own = pictures[2::copies], pictures[1 + copies :: copies]
    noise = torch.clip(0.1 * torch.randn(weak.shape), -0.2, 0.2)
    contrast = torch.stack([torch.stack([c.var(correction=0).sqrt() for c in p]) for p in weak])
    with torch.no_grad():
        taught = teacher(weak + contrast[:, :, None, None] * noise, mode="tensor").softmax(dim=1)
    said = student(torch.cat([pictures[:2], own]), mode="tensor")
    supervised = functional.cross_entropy(said[:2], masks[:2], ignore_index=255)
    difference = (said[2:].softmax(dim=1) - taught).permute(0, 2, 3, 1)
    expected = (difference[masks[1 + copies :: copies] != 255] ** 2).mean()
    assert torch.allclose(losses["decode.loss_ce"], supervised, atol=1e-5)
    ramp = exp(-5 * 0.6**2)
    assert torch.allclose(losses["loss_unlabeled"], 3 * ramp * expected, atol=1e-5)
    assert expected > 0.01


def test_the_student_sees_strong_copies_unless_told_otherwise():
    assert MeanTeacher().copies["unlabeled"] == ("weak", "strong")


def test_the_teacher_has_no_gradient_and_follows(batch, step):
    method = MeanTeacher(decay=0.9)
    made = step(method, batch(), iteration=50, iterations=100)
    method.losses(made)["loss_unlabeled"].backward()
    teacher = made.networks["teacher"]
    assert not teacher.training
    assert all(weight.grad is None for weight in teacher.parameters())
    weight = teacher.decode_head.conv_seg.weight
    before = weight.clone()
    made.networks[STUDENT].decode_head.conv_seg.weight.data.add_(1)
    method.after_step(made)
    assert torch.allclose(weight, before + 0.1, atol=1e-5)


@pytest.mark.parametrize(
    "wrong", [{"weight": -1}, {"decay": 1}, {"noise": "much"}, {"student_copy": "other"}]
)
def test_wrong_arguments_are_named(wrong):
    with pytest.raises(UserError, match=f"^{next(iter(wrong))}: expected"):
        MeanTeacher(**wrong)
