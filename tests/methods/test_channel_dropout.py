"""Channels are dropped whole, by picture, in the last pictures alone."""

from __future__ import annotations

import torch

from ssl_seg.methods.channel_dropout import complementary_channels, random_channels, weighted

FEATURES = (torch.ones(7, 64, 2, 3), torch.ones(7, 32, 1, 1))


def test_half_of_the_channels_are_dropped_in_each_picture_and_level():
    torch.manual_seed(0)
    drawn = random_channels(2, FEATURES)
    assert [tuple(level.shape) for level in drawn] == [(2, 64), (2, 32)]
    assert all(set(level.flatten().tolist()) == {0.0, 2.0} for level in drawn)
    assert 0.3 < float((drawn[0] == 0).float().mean()) < 0.7
    assert not drawn[0][0].equal(drawn[0][1])
    assert not drawn[0][:, :32].equal(drawn[1])


def test_two_copies_complement_each_other_in_half_of_the_pictures():
    torch.manual_seed(0)
    wide, narrow = complementary_channels(3, FEATURES)
    assert (tuple(wide.shape), tuple(narrow.shape)) == ((6, 64), (6, 32))
    assert (wide[:3] + wide[3:]).eq(2).all()
    assert int(wide[:3].eq(1).all(dim=1).sum()) == 1
    assert narrow.equal(wide[:, :32])


def test_the_first_pictures_keep_their_features():
    weights = [torch.zeros(2, 64), torch.full((2, 32), 2.0)]
    wide, narrow = weighted(FEATURES, weights)
    assert wide[:5].eq(1).all()
    assert wide[5:].eq(0).all()
    assert narrow[5:].eq(2).all()
