"""Boxes lie inside the picture, and hold what they say."""

from __future__ import annotations

import torch

from ssl_seg.methods.boxes import pasted, random_box, xor_boxes


def test_a_random_box_holds_its_share_of_each_side_wherever_it_lies():
    torch.manual_seed(0)
    corners = set()
    for _ in range(300):
        box = random_box((6, 9))
        rows, columns = box.any(dim=1).nonzero(), box.any(dim=0).nonzero()
        assert (len(rows), len(columns), int(box.sum())) == (4, 6, 24)
        corners.add((int(rows[0]), int(columns[0])))
    assert corners == {(row, column) for row in range(3) for column in range(4)}


def test_a_picture_of_one_pixel_is_all_box():
    assert random_box((1, 1)).all()


def test_one_box_may_be_for_all():
    below, above = torch.zeros(2, 3, 4, 5), torch.ones(2, 3, 4, 5)
    box = torch.zeros(4, 5, dtype=torch.bool)
    box[1:3, 2:4] = True
    assert pasted(below, above, box).equal(box.float().expand(2, 3, 4, 5))
    assert pasted(below[:, 0], above[:, 0], box).equal(box.float().expand(2, 4, 5))


def test_boxes_that_overlap_cancel_each_other():
    torch.manual_seed(0)
    # Of 4 x 6 pixels in 6 x 8: both cover the middle, wherever they lie.
    made = xor_boxes(50, (6, 8), boxes=2, area=(1.0, 1.0))
    assert not made[:, 2:4, 2:6].any()
    assert made.any()
    assert xor_boxes(3, (20, 30), boxes=1, area=(1.0, 1.0)).all()


def test_three_boxes_cover_about_the_area_that_was_drawn():
    torch.manual_seed(0)
    whole = xor_boxes(300, (90, 60), boxes=1, area=(0.25, 0.5)).float().mean(dim=(1, 2))
    assert 0.24 < float(whole.min()) < 0.27
    assert 0.48 < float(whole.max()) < 0.51
    three = xor_boxes(300, (90, 60)).float().mean(dim=(1, 2))
    # What two boxes share is lost.
    assert 0.2 < float(three.mean()) < 0.375
