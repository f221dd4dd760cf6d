"""Which slices are worth training on: those with enough foreground."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.errors import UserError


def least_pixels(counts: Sequence[NDArray[np.int64]], threshold: float) -> int:
    """Return how many foreground pixels a slice must have to be trained on.

    The released RSTN code takes the threshold over all cases, also those whose labels are to be
    unknown. Here it is taken over what a student may see: true labels of S and pseudo labels of R.

    Args:
        counts: for each case the foreground pixels of each slice of one view, (n,).
        threshold: share in (0, 1] of the slices with any foreground, those with most of it, that
            are kept, and with them what is as large as the smallest of them; their number is
            rounded down, but is at least 1. Above 1, the number of pixels itself.

    Raises:
        UserError: the threshold is not above 0, or no slice has any foreground.
    """
    if not 0 < threshold < math.inf:
        raise UserError(
            f"slice_threshold: expected a share in (0, 1] or a number of pixels, got {threshold!r}"
        )
    pixels = np.concatenate([np.zeros(0, np.int64), *counts])
    positive = np.sort(pixels[pixels > 0])
    if not len(positive):
        raise UserError(
            f"none of the {len(pixels)} slices of {len(counts)} cases has any foreground, so there "
            "is nothing to train on; look at the labels, or set slice_threshold=None"
        )
    if threshold > 1:
        return math.ceil(threshold)
    kept = max(1, math.floor(threshold * len(positive)))
    return int(positive[-kept])
