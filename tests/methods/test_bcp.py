"""BCP's loss is that of its formula, computed here with torch alone."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch.nn import functional

from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace
from ssl_seg.methods import BCP
from ssl_seg.methods.boxes import random_box
from ssl_seg.methods.step import STUDENT
from ssl_seg.models.mixed_space import supervise_in

LATER = {"iteration": 5}
"""Behind the iterations that mix labeled pictures alone."""


def part(probabilities, labels, counted):
    """Return (cross entropy + Dice) / 2 over the pixels (N, H, W) that count."""
    p = probabilities.permute(0, 2, 3, 1)[counted]
    y = functional.one_hot(labels[counted], p.shape[1]).to(p.dtype)
    entropy = -(p.log() * y).sum() / len(y)
    ratios = (2 * (p * y).sum(dim=0) + 1e-5) / ((p * p).sum(dim=0) + (y * y).sum(dim=0) + 1e-5)
    return (entropy + 1 - ratios.mean()) / 2


def masks_of(made):
    return torch.cat([sample.gt_sem_seg.data for sample in made.samples])


def taught(made, number):
    """Return the teacher's labels of a picture of the batch, with the ignore value outside."""
    teacher = deepcopy(made.networks["teacher"]).eval()
    with torch.no_grad():
        labels = teacher(made.pictures[[number]], mode="tensor").argmax(dim=1)[0]
    return torch.where(masks_of(made)[number] == 255, 255, labels)


def mixed_softmax(made, pairs, box):
    """Return what the student says of pictures with others pasted into the box."""
    pictures = [torch.where(box, made.pictures[i], made.pictures[o]) for o, i in pairs]
    return made.student(torch.stack(pictures), mode="tensor").softmax(dim=1)


def drawn(method, made):
    """Return the loss of a method, and the box that it drew."""
    torch.manual_seed(5)
    loss = method.losses(made)["loss_mixed"]
    torch.manual_seed(5)
    return loss, random_box(made.pictures.shape[-2:])


# Pairs (outside, inside) by place in the batch of 2 labeled pictures and so many unlabeled ones.
PAIRS = {
    1: ([(0, 2)], [(2, 1)]),
    2: ([(0, 2)], [(3, 1)]),
    3: ([(0, 2)], [(3, 1), (4, 0)]),
}


@pytest.mark.parametrize("unlabeled", PAIRS)
def test_one_step_is_the_formula(batch, step, unlabeled):
    method = BCP(u_weight=0.4, largest=False)
    made = step(method, batch(unlabeled=unlabeled, copies=1), **LATER)
    made.networks["teacher"].decode_head.conv_seg.weight.data.mul_(-1)
    loss, box = drawn(method, made)
    inward, outward = PAIRS[unlabeled]
    said = mixed_softmax(made, inward + outward, box)
    truth = [m if n < 2 else taught(made, n) for n, m in enumerate(masks_of(made))]
    expected = 0
    halves = (said[: len(inward)], inward, 1.0, 0.4), (said[len(inward) :], outward, 0.4, 1.0)
    for p, pairs, outside_weight, inside_weight in halves:
        outside, inside = (torch.stack([truth[pair[at]] for pair in pairs]) for at in (0, 1))
        expected += outside_weight * part(p, outside, ~box & (outside != 255))
        expected += inside_weight * part(p, inside, box & (inside != 255))
    assert torch.allclose(loss, expected, atol=1e-5)


def test_labeled_pictures_are_mixed_with_each_other_at_first(batch, step):
    method = BCP(pretrain=0.5)
    made = step(method, batch(copies=1), iteration=4)
    loss, box = drawn(method, made)
    said = mixed_softmax(made, [(0, 1), (1, 0)], box)
    masks = masks_of(made)[:2]
    expected = part(said, masks, ~box & (masks != 255))
    expected = expected + part(said, masks.flip(0), box & (masks.flip(0) != 255))
    assert torch.allclose(loss, expected, atol=1e-5)


def test_coarse_masks_are_learned_in_their_space(batch, step):
    method = BCP(largest=False)
    labels = batch(unlabeled=2, copies=1)
    made = step(method, labels, **LATER)
    fine, coarse = (
        LabelSpace(n, tuple(n + str(i) for i in range(c)), ((0, 0, 0),) * c)
        for n, c in (("fine", 3), ("coarse", 2))
    )
    supervise_in(made.student, {"coarse": ClassMapping("made-up", fine, coarse, (0, 1, 1))})
    for sample in made.samples[:2]:
        sample.set_metainfo({"space": "coarse"})
        sample.gt_sem_seg.data[sample.gt_sem_seg.data == 2] = 1
    loss, box = drawn(method, made)
    said = mixed_softmax(made, [(0, 2), (3, 1)], box)
    summed = torch.stack([said[:, 0], said[:, 1] + said[:, 2]], dim=1)
    expected = 0
    for at, weights in enumerate([(1.0, 0.5), (0.5, 1.0)]):
        for number, weight, place in zip([(0, 2), (3, 1)][at], weights, (~box, box), strict=True):
            mask = masks_of(made)[number] if number < 2 else taught(made, number)
            p = summed if number < 2 else said
            visible = (place & (mask != 255))[None]
            expected += weight * part(p[[at]], mask[None], visible)
    assert torch.allclose(loss, expected, atol=1e-5)


def test_pseudo_labels_are_learned_beside_by_the_models_own_loss(batch, step):
    method = BCP()
    made = step(method, batch(pseudo=2, copies=1), **LATER)
    losses = method.losses(made)
    assert losses["decode.loss_ce"] > 0
    for sample in made.samples[2:4]:
        sample.gt_sem_seg.data[:] = 255
    torch.manual_seed(0)
    assert method.losses(made)["decode.loss_ce"] == 0


def test_smaller_components_of_the_teachers_labels_are_not_learned(batch, step):
    # The labels of scratch weights lie in many pieces.
    found = []
    for largest in (False, True):
        method = BCP(largest=largest)
        found.append(drawn(method, step(method, batch(copies=1), **LATER))[0])
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("name", "value"), [("pretrain", 1), ("pretrain", 300), ("u_weight", -1), ("decay", 1.0)]
)
def test_arguments_that_mean_nothing_are_refused(name, value):
    with pytest.raises(UserError, match=f"^{name}: expected a number"):
        BCP(**{name: value})


def test_the_teacher_is_a_copy_at_first_and_then_follows(batch, step):
    method = BCP(pretrain=0.5, decay=0.9)
    for iteration, kept in ((4, 0.0), (5, 1 - 1 / 6), (9, 0.9)):
        made = step(method, batch(copies=1), iteration=iteration, iterations=10)
        weight = made.networks["teacher"].decode_head.conv_seg.weight
        before = weight.clone()
        made.networks[STUDENT].decode_head.conv_seg.weight.data.add_(1)
        method.after_step(made)
        assert torch.allclose(weight, before + (1 - kept), atol=1e-5)
