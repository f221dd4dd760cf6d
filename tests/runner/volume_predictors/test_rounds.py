"""Rounds end at the published read-outs."""

from __future__ import annotations

import numpy as np
import pytest

from ssl_seg.runner.volume_predictors.fusion import Fused
from ssl_seg.runner.volume_predictors.rounds import Round, agreement, until_agreement

SHAPE = (3, 4, 5)


def labels_of(count):
    labels = np.zeros(60, np.uint8)
    labels[:count] = 1
    return labels.reshape(SHAPE)


def round_of(number, count, before=None):
    labels = labels_of(count)
    fused = Fused(labels[None].astype(np.float32), None, 3, exclusive=False)
    found = None if before is None else agreement(before, labels)
    return Round(number, fused, labels, found)


def run(counts, *, max_rounds=10, readout=0.99):
    """Go through rounds that find so many voxels one after the other; return what was yielded."""
    asked = []

    def look_again(before, place):
        asked.append(before.number)
        assert before.labels[place].sum() == before.labels.sum()
        return round_of(before.number + 1, counts[before.number + 1], before.labels)

    found = list(
        until_agreement(round_of(0, counts[0]), look_again, max_rounds=max_rounds, readout=readout)
    )
    assert asked == [one.number for one in found[:-1]]
    assert [int(one.labels.sum()) for one in found] == counts[: len(found)]
    return [one.number for one in found]


COUNTS = [10, 20, 30, 33, 34, 34, 20, 20]  # DSC: 0.67, 0.80, 0.952, 0.985, 1, 0.74, 1


@pytest.mark.parametrize(
    ("readout", "last"), [(0.6, 1), (0.7, 2), (0.8, 2), (0.95, 3), (0.98, 4), (0.99, 5), (1, 5)]
)
def test_the_first_round_that_agrees_is_the_last(readout, last):
    assert run(COUNTS, readout=readout) == list(range(last + 1))


def test_without_a_readout_all_rounds_are_run():
    assert run(COUNTS, readout=None, max_rounds=7) == list(range(8))


@pytest.mark.parametrize("limit", [0, 1, 4])
def test_the_limit_ends_rounds_that_do_not_agree(limit):
    assert run(COUNTS, readout=0.99, max_rounds=limit) == list(range(limit + 1))


@pytest.mark.parametrize("readout", [0.5, None])
@pytest.mark.parametrize(("counts", "last"), [([0], 0), ([5, 0], 1), ([5, 20, 0, 7], 2)])
def test_nothing_found_is_the_result(counts, last, readout):
    assert run(counts, readout=readout)[-1] == last


@pytest.mark.parametrize(("a", "b"), [(0, 0), (0, 5), (5, 0), (10, 20), (20, 20), (60, 1)])
def test_agreement_is_the_dice_coefficient(a, b):
    expected = 1.0 if a == b == 0 else 2 * min(a, b) / (a + b)
    assert agreement(labels_of(a), labels_of(b)) == pytest.approx(expected)


def test_voxels_of_different_classes_do_not_agree():
    assert agreement(labels_of(6), 2 * labels_of(6)) == 0
    mixed = labels_of(6)
    mixed[0, 0, 0] = 2
    assert agreement(labels_of(6), mixed) == pytest.approx(5 / 6)
