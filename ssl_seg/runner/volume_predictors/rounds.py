"""Rounds: the result of one is where the next one looks, until two agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ssl_seg.media.volumes.cut import Place
from ssl_seg.runner.volume_predictors.components import bounding_place
from ssl_seg.runner.volume_predictors.fusion import Fused, Labels


@dataclass(frozen=True)
class Round:
    """What a round found.

    Attributes:
        number: from 0 on.
        fused: maps (K, z, y, x).
        labels: (z, y, x) uint8, after post-processing.
        agreement: with the round before, see `agreement`; ``None`` in round 0.
    """

    number: int
    fused: Fused
    labels: Labels
    agreement: float | None


def until_agreement(
    first: Round,
    look_again: Callable[[Round, Place], Round],
    *,
    max_rounds: int,
    readout: float | None,
) -> Iterator[Round]:
    """Go from round to round as far as the result, which is the last one.

    This is the first that agrees with the one before, or finds nothing, or has the last number.

    Args:
        first: round 0.
        look_again: makes the next round of a round and the box around its labels.
        max_rounds: after round 0.
        readout: agreement at which a round is the result; ``None`` for the last number.
    """
    current = first
    yield current
    while current.number < max_rounds:
        place = bounding_place(current.labels)
        if place is None:
            return
        current = look_again(current, place)
        yield current
        if readout is not None and (current.agreement or 0.0) >= readout:
            return


def agreement(labels: Labels, others: Labels) -> float:
    """Return the DSC of two masks' foreground, from 0 to 1; 1 if both are empty.

    With several classes, only voxels of the same class agree.
    """
    areas = np.count_nonzero(labels) + np.count_nonzero(others)
    if not areas:
        return 1.0
    return 2 * np.count_nonzero((labels == others) & (labels > 0)) / areas
