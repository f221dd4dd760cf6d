"""The loss of AD-MT is that of its formula, computed here with torch alone."""

from __future__ import annotations

from copy import deepcopy
from math import exp

import pytest
import torch
from torch.nn import functional

from ssl_seg.core.errors import UserError
from ssl_seg.methods import ADMT
from ssl_seg.methods.admt import turn
from ssl_seg.methods.boxes import cutmix_boxes
from ssl_seg.methods.step import STUDENT, Group

TAU = 0.6
TURNS = [turn(iteration, 20, 4) for iteration in range(20)]


def teachers_and_student(made):
    networks = [made.networks[name] for name in ("teacher1", "teacher2", STUDENT)]
    weights = [network.decode_head.conv_seg.weight.data for network in networks]
    # Teachers agree in a part of the pixels, one is surer than the other, and the student is often
    # surer than both together.
    weights[0].mul_(2)
    weights[0][:, ::2].mul_(-1)
    weights[1].mul_(0.5)
    return [deepcopy(network).eval() for network in networks]


def labels_by_pixel(one, two, own):
    """Return labels and confidences (H, W) of one picture, by the rules read pixel by pixel."""
    labels = torch.zeros(one.shape[1:], dtype=torch.int64)
    confidences = torch.zeros(one.shape[1:])
    taken = 0
    for y in range(one.shape[1]):
        for x in range(one.shape[2]):
            p1, p2, ps = one[:, y, x], two[:, y, x], own[:, y, x]
            e1, e2 = (torch.exp(torch.sum(p * torch.log2(p))) for p in (p1, p2))
            p = (e1 * p1 + e2 * p2) / (e1 + e2)
            if p1.argmax() != p2.argmax() and ps.max() > p.max():
                p, taken = ps, taken + 1
            labels[y, x], confidences[y, x] = p.argmax(), p.max()
    assert taken
    return labels, confidences


@pytest.mark.parametrize("whose", [0, 1])
def test_one_step_is_the_formula(batch, step, whose):
    method = ADMT(threshold=TAU, weight=3.0, cutmix=1.0, period=4)
    at = TURNS.index(whose)
    made = step(method, batch(), iteration=at, iterations=20)
    networks = teachers_and_student(made)
    student = deepcopy(made.student)
    pictures, masks = made.pictures, Group(made.pictures, made.samples).masks
    weak, strong, valid = pictures[2::2], pictures[3::2], masks[2::2] != 255
    torch.manual_seed(5)
    losses = method.losses(made)
    torch.manual_seed(5)
    with torch.no_grad():
        said = [network(weak, mode="tensor").softmax(dim=1) for network in networks]
    found = [labels_by_pixel(*(one[n] for one in said)) for n in range(len(weak))]
    labels, sure = (torch.stack(part) for part in zip(*found, strict=True))
    sure, seen = sure >= TAU, strong
    if whose == 1:
        boxes = cutmix_boxes(2, weak.shape[-2:], probability=1.0)
        seen, labels, sure, valid = (
            torch.stack([torch.where(boxes[n], part[1 - n], part[n]) for n in range(2)])
            for part in (weak, labels, sure, valid)
        )
    logits = student(torch.cat([pictures[:2], seen]), mode="tensor")
    supervised = functional.cross_entropy(logits[:2], masks[:2], ignore_index=255)
    entropies = functional.cross_entropy(logits[2:], labels, reduction="none")
    expected = entropies[sure & valid].sum() / valid.sum()
    ramp = exp(-5 * (1 - at / 20) ** 2)
    assert torch.allclose(losses["decode.loss_ce"], supervised, atol=1e-5)
    assert torch.allclose(losses["loss_unlabeled"], 3 * ramp * expected, atol=1e-5)
    assert expected > 0


def test_turns_have_random_lengths_up_to_the_period():
    turns = "".join(str(turn(iteration, 400, 4)) for iteration in range(400))
    lengths = {len(run) for digit in "01" for run in turns.split(digit) if run}
    assert lengths == {1, 2, 3, 4}
    assert [turn(iteration, 6, 1) for iteration in range(6)] == [0, 1, 0, 1, 0, 1]


def test_only_the_teacher_whose_turn_it_is_follows(batch, step):
    for whose in (0, 1):
        method = ADMT(decay=0.0, period=4)
        made = step(method, batch(), iteration=TURNS.index(whose), iterations=20)
        weights = [
            made.networks[name].decode_head.conv_seg.weight for name in ("teacher1", "teacher2")
        ]
        before = weights[1 - whose].clone()
        made.networks[STUDENT].decode_head.conv_seg.weight.data.add_(1)
        method.after_step(made)
        assert torch.allclose(weights[whose], before + 1, atol=1e-5)
        assert torch.equal(weights[1 - whose], before)


@pytest.mark.parametrize(
    "wrong", [{"threshold": 1}, {"weight": -1}, {"cutmix": 2}, {"decay": 1}, {"period": 0}]
)
def test_wrong_arguments_are_named(wrong):
    with pytest.raises(UserError, match=f"^{next(iter(wrong))}: expected"):
        ADMT(**wrong)
