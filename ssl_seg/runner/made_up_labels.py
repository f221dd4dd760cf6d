"""Masks that stand for pseudo labels that no model has written yet."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.case import Case
from ssl_seg.core.space import LabelValues
from ssl_seg.data.pseudo_labels import PseudoLabels
from ssl_seg.runner.sample_sizes import SizesOf


@final
class MadeUpLabels(PseudoLabels):
    """Blocks of all classes, at the size that a case is worked on.

    Args:
        values: how a label stage's class numbers become those that are learned.
        sizes_of: see `ssl_seg.runner.sample_sizes`; at the working size.
        sure: whether to say how sure they are of each pixel: by the number of its class.
    """

    def __init__(self, values: LabelValues, sizes_of: SizesOf, *, sure: bool = False) -> None:
        self.levels = self if sure else None
        self._space = values.space
        self._sizes_of = sizes_of
        self.coverage = 1.0

    def read(self, case: Case) -> NDArray[np.uint8]:
        """Return the mask of a case, (H, W) or (X, Y, Z) uint8."""
        (size,) = self._sizes_of([case])
        positions = np.indices(size, sparse=True)
        # Each class is seen along each axis, so in the slices of each view.
        blocks = sum(5 * at // length for at, length in zip(positions, size, strict=True))
        return np.asarray(blocks % len(self._space), np.uint8)

    def key(self, case: Case) -> str:
        """Name what `read` returns of a case."""
        return f"made up for {case.image.digest}"
