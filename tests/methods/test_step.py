"""A method sees a batch by kind and copy."""

from __future__ import annotations

import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from ssl_seg.methods.step import Step

BATCH = (
    ("labeled", 0),
    ("unlabeled", 0),
    ("unlabeled", 1),
    ("pseudo", 0),
    ("pseudo", 1),
    ("labeled", 0),
    ("unlabeled", 0),
    ("unlabeled", 1),
)


def step(iteration=0, iterations=4):
    samples = []
    for number, (source, copy) in enumerate(BATCH):
        mask = torch.full((1, 2, 3), number)
        sample = SegDataSample(gt_sem_seg=PixelData(data=mask))
        sample.set_metainfo({"source": source, "copy": copy})
        samples.append(sample)
    pictures = torch.arange(len(BATCH)).float().view(-1, 1, 1, 1).expand(-1, 3, 2, 3)
    return Step(iteration, iterations, {}, pictures, samples)


def numbers(group):
    """Return which of the batch's samples are in a group, by its pictures and by its masks."""
    assert group.pictures[:, 0, 0, 0].tolist() == group.masks[:, 0, 0].tolist()
    return group.masks[:, 0, 0].tolist()


def test_progress_goes_from_0_to_below_1():
    assert [step(i).progress for i in range(4)] == [0, 0.25, 0.5, 0.75]


def test_a_group_holds_one_copy_of_the_samples_of_a_kind():
    assert numbers(step().group("unlabeled")) == [1, 6]
    assert numbers(step().group("unlabeled", 1)) == [2, 7]


def test_masks_are_learned_in_the_batch_s_order_by_the_last_copies():
    assert numbers(step().masked) == [0, 4, 5]


def test_a_group_may_be_empty():
    assert len(step().group("labeled", 1)) == 0
