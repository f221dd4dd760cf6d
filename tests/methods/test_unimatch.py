"""UniMatch's loss is that of its formula, computed here with torch alone."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch.nn import functional

from ssl_seg.methods import UniMatch
from ssl_seg.methods.boxes import cutmix_boxes
from ssl_seg.methods.step import Group

TAU = 0.6


def taught(said, labels, sure, valid):
    """Return the cross entropy over sure and valid pixels by the number of valid ones."""
    entropies = functional.cross_entropy(said, labels, reduction="none")
    return entropies[sure & valid].sum() / valid.sum()


def test_one_step_is_the_formula(batch, step):
    method = UniMatch(threshold=TAU, weight=3.0, cutmix=1.0)
    made = step(method, batch(unlabeled=3, copies=3))
    student = deepcopy(made.student)
    pictures, masks = made.pictures, Group(made.pictures, made.samples).masks
    # Something is ignored in one strong copy alone, as by a cutout.
    masks[4, 10:, 10:20] = 255
    made.samples[4].gt_sem_seg.data[:, 10:, 10:20] = 255
    weak, valid = pictures[2::3], masks[2::3] != 255
    with torch.no_grad():
        softmax = deepcopy(student).eval()(weak, mode="tensor").softmax(dim=1)
    confidence, labels = softmax.max(dim=1)
    torch.manual_seed(5)
    losses = method.losses(made)
    torch.manual_seed(5)
    mixes, targets = [], []
    for copy in (3, 4):
        boxes = cutmix_boxes(3, pictures.shape[-2:], probability=1.0)
        inside = masks[copy::3] != 255

        def mixed(values, boxes=boxes):
            pairs = zip(boxes, values, values.flip(0), strict=True)
            return torch.stack([torch.where(box, above, below) for box, below, above in pairs])

        mixes.append(mixed(pictures[copy::3]))
        targets.append((mixed(labels), mixed(confidence) >= TAU, mixed(inside)))
    levels = student.extract_feat(torch.cat([pictures[:2], *mixes, weak]))
    kept = [torch.rand(3, level.shape[1]) < 0.5 for level in levels]
    dropped = tuple(
        torch.cat([level[:-3], level[-3:] * 2 * keep[:, :, None, None]])
        for level, keep in zip(levels, kept, strict=True)
    )
    said = functional.interpolate(
        student.decode_head(dropped), pictures.shape[-2:], mode="bilinear", align_corners=False
    )
    supervised = functional.cross_entropy(said[:2], masks[:2], ignore_index=255)
    strong = [taught(said[2 + 3 * at : 5 + 3 * at], *targets[at]) for at in (0, 1)]
    features = taught(said[8:], labels, confidence >= TAU, valid)
    assert min(*strong, features) > 0
    assert torch.allclose(losses["decode.loss_ce"], supervised, atol=1e-5)
    assert torch.allclose(losses["loss_strong"], 3 * sum(strong) / 4, atol=1e-5)
    assert torch.allclose(losses["loss_features"], 3 * features / 2, atol=1e-5)


def test_the_strong_copies_have_boxes_of_their_own(batch, step):
    method = UniMatch(cutmix=1.0)
    made = step(method, batch(copies=3))
    seen = []
    made.student.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    # Equal copies stay equal only if they are mixed alike.
    made.pictures[4::3] = made.pictures[3::3]
    method.losses(made)
    first, second = seen[-1][2:4], seen[-1][4:6]
    assert not first.equal(second)


def test_one_pass_in_train_mode(batch, step):
    method = UniMatch()
    made = step(method, batch(copies=3))
    method.losses(made)
    counts = [b for name, b in made.student.named_buffers() if "num_batches" in name]
    assert counts
    assert all(int(count) == 1 for count in counts)
