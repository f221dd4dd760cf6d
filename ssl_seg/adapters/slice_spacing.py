"""Slice spacing: volumes are worked on at one distance between axial slices."""

from __future__ import annotations

from math import isfinite
from typing import final

from ssl_seg.core.errors import UserError
from ssl_seg.registry import ADAPTERS


@ADAPTERS.register_module()
@final
class SliceSpacing:
    """Resamples volumes to one distance of axial slices, for data sets that differ in it.

    As the ATSO paper does from NIH to MSD. Images and labels are resampled on the way in, in
    training and in prediction alike; predictions come back on the grid of their files.

    Args:
        spacing: distance in mm. The paper does not state it; 1 mm is about that of NIH's scans.

    Raises:
        UserError: it is no positive number.
    """

    def __init__(self, *, spacing: float = 1.0) -> None:
        number = isinstance(spacing, int | float) and not isinstance(spacing, bool)
        if not number or not isfinite(spacing) or spacing <= 0:
            raise UserError(f"spacing: expected mm between slices, above 0, got {spacing!r}")
        self._spacing = float(spacing)

    def slice_spacing(self) -> float:
        """Return the distance of axial slices to work at, in mm."""
        return self._spacing
