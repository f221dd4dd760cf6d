"""Boxes, margins and crops against slow rules, pixel by pixel."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.models.rstn.box import (
    OUTSIDE,
    Box,
    Margins,
    bounding_box,
    common_box,
    crop,
    even_margins,
    random_margins,
    uncrop,
    whole,
)

sides = st.tuples(*[st.integers(0, 9)] * 4)


@st.composite
def masks(draw, count=1):
    """Draw masks (count, 3, H, W) with few pixels or none."""
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    mask = np.zeros((count, 3, height, width), bool)
    for number in range(count):
        for _ in range(draw(st.integers(0, 4))):
            channel = draw(st.integers(0, 2))
            row, column = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
            mask[number, channel, row, column] = True
    return mask


def slow_box(mask, margins):
    """Return a box as published: least and greatest index of all channels, margins, clipped."""
    _, rows, columns = np.nonzero(mask)
    if not rows.size:
        return 0, mask.shape[1], 0, mask.shape[2]
    top, bottom, left, right = margins
    return (
        max(rows.min() - top, 0),
        min(rows.max() + bottom + 1, mask.shape[1]),
        max(columns.min() - left, 0),
        min(columns.max() + right + 1, mask.shape[2]),
    )


@given(mask=masks(), margins=sides)
def test_boxes_are_as_published(mask, margins):
    size = mask.shape[-2:]
    box = bounding_box(torch.from_numpy(mask[0]))
    assert (box is None) is not mask.any()
    assert (box or whole(size)).grown(Margins(*margins), size) == slow_box(mask[0], margins)


def test_boxes_reach_the_borders_and_no_further():
    mask = torch.zeros(3, 6, 8, dtype=torch.bool)
    mask[0, 0, 3] = mask[2, 5, 7] = True
    assert bounding_box(mask) == (0, 6, 3, 8)
    assert Box(2, 3, 4, 5).grown(Margins(1, 2, 3, 9), (6, 8)) == (1, 5, 1, 8)


@given(mask=masks(count=3), margins=sides)
def test_a_batch_has_one_crop_with_each_image_in_its_own_box(mask, margins):
    size = mask.shape[-2:]
    images = np.random.default_rng(0).uniform(1, 2, mask.shape)
    boxes = [slow_box(each, margins) for each in mask]
    black = np.zeros_like(images)
    for number, (top, bottom, left, right) in enumerate(boxes):
        black[number, :, top:bottom, left:right] = images[number, :, top:bottom, left:right]
    tops, bottoms, lefts, rights = np.transpose(boxes)
    expected = black[:, :, tops.min() : bottoms.max(), lefts.min() : rights.max()]

    ours = [Box(*map(int, box)) for box in boxes]
    cropped = crop(torch.from_numpy(images), ours)
    np.testing.assert_array_equal(cropped.numpy(), expected)

    common = common_box(ours)
    back = torch.sigmoid(uncrop(cropped, common, size)).numpy()
    np.testing.assert_allclose(common.of(torch.from_numpy(back)), 1 / (1 + np.exp(-expected)))
    common.of(torch.from_numpy(back)).zero_()
    assert not back.any()


def test_the_logit_outside_means_never():
    assert torch.sigmoid(torch.tensor(OUTSIDE)) == 0


def test_margins_are_even_half_of_the_time_and_uniform_otherwise():
    torch.manual_seed(0)
    count, margin = 6000, 20
    drawn = np.array([random_margins(margin) for _ in range(count)])
    even = (drawn == margin).all(axis=1)
    assert abs(even.mean() - 0.5) < 5 * np.sqrt(0.25 / count)

    free = drawn[~even]
    assert (free.min(), free.max()) == (0, 2 * margin)
    share = 1 / (2 * margin + 1)
    for side in range(4):
        counts = np.bincount(free[:, side], minlength=2 * margin + 1)
        spread = np.sqrt(share * (1 - share) * len(free))
        assert np.abs(counts - share * len(free)).max() < 5 * spread
    related = np.corrcoef(free.T)[np.triu_indices(4, 1)]
    assert np.abs(related).max() < 5 / np.sqrt(len(free))


def test_margins_come_from_torchs_generator():
    runs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        runs.append([random_margins(20) for _ in range(20)])
    assert [one == other for one, other in pairwise(runs)] == [True, False]


def test_without_margin_the_box_is_the_mask():
    assert even_margins(0) == random_margins(0) == (0, 0, 0, 0)
