"""Of each class in a picture its largest piece is kept, and what else there is ignored."""

from __future__ import annotations

import torch

from ssl_seg.methods.components import largest_components

PICTURE = """
0 1 1 0 0 2 0
0 1 0 2 0 0 0
3 0 0 2 2 0 1
3 9 0 0 0 0 2
"""
KEPT = """
0 1 1 0 0 9 0
0 1 0 2 0 0 0
3 0 0 2 2 0 9
3 9 0 0 0 0 9
"""


def labels(text):
    return torch.tensor([[int(number) for number in row.split()] for row in text.split("\n")[1:-1]])


def test_the_largest_piece_of_each_class_is_kept():
    assert largest_components(labels(PICTURE)[None], ignore=9)[0].equal(labels(KEPT))


def test_pictures_have_nothing_to_do_with_each_other():
    small, large = torch.zeros(2, 4, 4, dtype=torch.int64)
    small[0, 0], large[2:] = 1, 1
    both = torch.stack([small, large])
    assert largest_components(both, ignore=255).equal(both)


def test_pieces_that_touch_at_a_corner_are_one():
    assert largest_components(torch.eye(3, dtype=torch.int64)[None], ignore=255).sum() == 3


def test_the_background_may_lie_in_pieces():
    ring = torch.ones(1, 5, 5, dtype=torch.int64)
    ring[0, 2, 2] = ring[0, 0] = 0
    assert largest_components(ring, ignore=255).equal(ring)
