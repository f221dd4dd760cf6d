"""The loss of UniMatch V2 is that of its formula, computed here with torch alone."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch.nn import functional

from ssl_seg.methods import UniMatchV2
from ssl_seg.methods.boxes import cutmix_boxes
from ssl_seg.methods.step import STUDENT, Group

TAU = 0.6


@pytest.mark.parametrize("unlabeled", [1, 4])
def test_one_step_is_the_formula(batch, step, unlabeled):
    method = UniMatchV2(threshold=TAU, weight=3.0, cutmix=1.0)
    made = step(method, batch(unlabeled=unlabeled, copies=3))
    made.networks["teacher"].decode_head.conv_seg.weight.data.mul_(-1)
    student, teacher = deepcopy(made.student), deepcopy(made.networks["teacher"]).eval()
    pictures, masks = made.pictures, Group(made.pictures, made.samples).masks
    with torch.no_grad():
        confidence, labels = teacher(pictures[2::3], mode="tensor").softmax(dim=1).max(dim=1)
    torch.manual_seed(5)
    losses = method.losses(made)
    torch.manual_seed(5)
    mixes, targets = [], []
    for copy in (3, 4):
        boxes = cutmix_boxes(unlabeled, pictures.shape[-2:], probability=1.0)
        values = (pictures[copy::3], labels, confidence >= TAU, masks[copy::3] != 255)
        mix, *target = (
            torch.stack([torch.where(boxes[at], v[-1 - at], v[at]) for at in range(unlabeled)])
            for v in values
        )
        mixes.append(mix)
        targets.append(target)
    levels = student.extract_feat(torch.cat([pictures[:2], *mixes]))
    mask = (torch.rand(unlabeled, max(level.shape[1] for level in levels)) < 0.5).float()
    factors = [2 * mask, 2 * (1 - mask)]
    for at in torch.randperm(unlabeled).tolist()[: unlabeled // 2]:
        for factor in factors:
            factor[at] = 1
    weights = torch.cat([torch.ones(2, mask.shape[1]), *factors])
    halved = [level * weights[:, : level.shape[1], None, None] for level in levels]
    said = functional.interpolate(
        student.decode_head(halved), pictures.shape[-2:], mode="bilinear", align_corners=False
    )
    expected = 0
    for part, (label, sure, valid) in zip(said[2:].chunk(2), targets, strict=True):
        entropies = functional.cross_entropy(part, label, reduction="none")
        expected += entropies[sure & valid].sum() / valid.sum() / 2
    supervised = functional.cross_entropy(said[:2], masks[:2], ignore_index=255)
    assert torch.allclose(losses["decode.loss_ce"], supervised, atol=1e-5)
    assert torch.allclose(losses["loss_unlabeled"], 3 * expected, atol=1e-5)
    assert expected > 0


def test_the_teacher_labels_and_follows(batch, step):
    method = UniMatchV2(threshold=0.0, decay=0.9)
    made = step(method, batch(copies=3), iteration=50, iterations=100)
    method.losses(made)["loss_unlabeled"].backward()
    teacher = made.networks["teacher"]
    assert not teacher.training
    assert all(weight.grad is None for weight in teacher.parameters())
    weight = teacher.decode_head.conv_seg.weight
    before = weight.clone()
    made.networks[STUDENT].decode_head.conv_seg.weight.data.add_(1)
    method.after_step(made)
    assert torch.allclose(weight, before + 0.1, atol=1e-5)
