"""From how often labels were right to how sure a label must be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


def least_levels(right: Counts, pixels: Counts, share: float) -> Counts:
    """Return per class the least confidence at which a share of the pixels is right.

    What was measured is made to rise with the confidence, by isotonic regression (pool adjacent
    violators), so that few pixels at a level decide nothing by themselves.

    Args:
        right: (C, L) pixels by predicted class and confidence level whose class is the true one.
        pixels: (C, L) all pixels.
        share: that is wanted, in (0, 1).

    Returns:
        (C,) levels in [0, L]; L where no level reaches the share, or nothing was measured.
    """
    return np.array(
        [_least(*rows, share) for rows in zip(right, pixels, strict=True)], dtype=np.int64
    )


def _least(right: Counts, pixels: Counts, share: float) -> int:
    # Blocks of neighbouring levels: first level, right pixels, all pixels. Their shares rise.
    blocks: list[tuple[int, int, int]] = []
    for level in np.flatnonzero(pixels).tolist():
        first, good, count = level, int(right[level]), int(pixels[level])
        while blocks and blocks[-1][1] * count >= good * blocks[-1][2]:
            first, more, others = blocks.pop()
            good, count = good + more, count + others
        blocks.append((first, good, count))
    enough = (first for first, good, count in blocks if good >= share * count)
    return next(enough, len(pixels))
