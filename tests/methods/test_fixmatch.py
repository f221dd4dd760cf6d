"""FixMatch's loss is that of its formula, computed here with torch alone."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch.nn import functional

from ssl_seg.core.errors import UserError
from ssl_seg.methods import FixMatch
from ssl_seg.methods.boxes import cutmix_boxes
from ssl_seg.methods.step import Group


def expected(student, pictures, masks, boxes, *, labeled, threshold):
    """Return supervised and unlabeled loss of the batch [labeled, weak, strong, weak, strong]."""

    def logits(network, inputs):
        return network(inputs, mode="tensor")

    weak, strong = pictures[labeled::2], pictures[labeled + 1 :: 2]
    teacher = deepcopy(student).eval()
    with torch.no_grad():
        probabilities = torch.softmax(logits(teacher, weak), dim=1)
    mixed, labels, sure = [], [], []
    for at in range(len(weak)):
        other = len(weak) - 1 - at
        box = boxes[at]
        confidence, label = probabilities[at].max(dim=0)
        other_confidence, other_label = probabilities[other].max(dim=0)
        mixed.append(torch.where(box, strong[other], strong[at]))
        labels.append(torch.where(box, other_label, label))
        sure.append(torch.where(box, other_confidence, confidence) >= threshold)
    said = logits(student, torch.cat([pictures[:labeled], torch.stack(mixed)]))
    supervised = functional.cross_entropy(said[:labeled], masks[:labeled], ignore_index=255)
    valid = masks[labeled + 1 :: 2] != 255
    entropies = -torch.log_softmax(said[labeled:], dim=1)
    picked = entropies.gather(1, torch.stack(labels)[:, None])[:, 0]
    return supervised, picked[valid & torch.stack(sure)].sum() / valid.sum()


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.7])
def test_one_step_is_the_formula(student, batch, step, threshold):
    made = step(FixMatch(threshold=threshold, weight=2.0, cutmix=1.0), batch(unlabeled=3))
    torch.manual_seed(5)
    losses = FixMatch(threshold=threshold, weight=2.0, cutmix=1.0).losses(made)
    torch.manual_seed(5)
    boxes = cutmix_boxes(3, made.pictures.shape[-2:], probability=1.0)
    supervised, unlabeled = expected(
        student(),
        made.pictures,
        Group(made.pictures, made.samples).masks,
        boxes,
        labeled=2,
        threshold=threshold,
    )
    assert torch.allclose(losses["decode.loss_ce"], supervised, atol=1e-5)
    assert torch.allclose(losses["loss_unlabeled"], 2 * unlabeled, atol=1e-5)
    assert unlabeled > 0


def test_labels_carry_no_gradient_and_leave_the_statistics_alone(step, batch):
    made = step(FixMatch(threshold=0.0), batch())
    before = {n: b.clone() for n, b in made.student.named_buffers() if "running_mean" in n}
    losses = FixMatch(threshold=0.0).losses(made)
    assert made.student.training
    losses["loss_unlabeled"].backward()
    # One pass in train mode moves them once.
    after = dict(made.student.named_buffers())
    assert all(not torch.equal(after[name], value) for name, value in before.items())
    counts = [b for n, b in made.student.named_buffers() if "num_batches" in n]
    assert all(int(count) == 1 for count in counts)


def test_a_model_without_logits_by_pixel_is_refused():
    with pytest.raises(UserError, match=r"^model \(Linear\): the method FixMatch asks"):
        FixMatch().check(torch.nn.Linear(1, 1))
