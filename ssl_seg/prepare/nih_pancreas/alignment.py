"""Whether a label lies on the organ of its scan.

Headers do not tell: those of the published labels do not hold the scan's place. But an organ shows
in the scan: in the portal venous phase the pancreas is soft tissue, and brighter than the fat,
bowel and muscle around it taken together. A label turned the wrong way has an edge at which nothing
changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

MEAN_HU = (30.0, 150.0)
"""Between these lies the mean of a label that fits."""

# Air and bone would outvote all that is at an organ's edge.
_WINDOW_HU = (-100, 240)
# Wide enough to leave the blur of the edge behind.
_OUTSIDE_MM = 2.0

_AXES = ("x", "y", "z")

Points: TypeAlias = NDArray[np.intp]
"""``(n, 3)`` voxel indices."""


@dataclass(frozen=True)
class Orientation:
    """A way to turn a volume onto itself.

    Attributes:
        swapped: whether the first two axes, x and y, change places, which comes first.
        flipped: for each axis whether it runs the other way.
    """

    swapped: bool
    flipped: tuple[bool, ...]

    def __str__(self) -> str:
        swap = ["with x and y exchanged"] if self.swapped else []
        axes = [axis for axis, flip in zip(_AXES, self.flipped, strict=True) if flip]
        flip = [f"flipped along {' and '.join(axes)}"] if axes else []
        return " and ".join(swap + flip) or "as it is"

    def of(self, points: Points, shape: Sequence[int]) -> Points:
        """Return where points come to lie."""
        turned = points[:, [1, 0, 2]] if self.swapped else points
        return np.where(self.flipped, np.array(shape) - 1 - turned, turned)


AS_IT_IS = Orientation(swapped=False, flipped=(False, False, False))


@dataclass(frozen=True)
class Fit:
    """How a label lies in a scan.

    Attributes:
        mean_hu: mean inside.
        contrast_hu: how much brighter the label's edge is than what lies just outside of it in the
            same slice; around 0 where nothing changes at the edge.
    """

    mean_hu: float
    contrast_hu: float

    def __str__(self) -> str:
        return f"mean {self.mean_hu:.0f} HU, {self.contrast_hu:+.0f} HU against what lies around it"

    @property
    def is_plausible(self) -> bool:
        """Whether the mean is that of a pancreas."""
        return MEAN_HU[0] <= self.mean_hu <= MEAN_HU[1]


class Alignment:
    """One label in its scan.

    Args:
        voxels: ``(x, y, z)``, in HU.
        label: same shape, not 0 in the organ, of which there is some.
        plane_mm: distances between voxels along x and y.
    """

    def __init__(
        self,
        voxels: NDArray[np.int16],
        label: NDArray[np.uint8],
        plane_mm: Sequence[float],
    ) -> None:
        self._voxels = voxels
        self._inside = np.argwhere(label)
        edges = [self._edge(label, axis, plane_mm[axis], way) for axis in (0, 1) for way in (-1, 1)]
        self._within, self._outside = (np.concatenate(side) for side in zip(*edges, strict=True))

    def fit(self, orientation: Orientation = AS_IT_IS) -> Fit:
        """Return how the label lies when it is turned."""
        within, outside = (
            self._hu(points, orientation).clip(*_WINDOW_HU)
            for points in (self._within, self._outside)
        )
        contrast = float(within.mean() - outside.mean()) if len(within) else 0.0
        return Fit(float(self._hu(self._inside, orientation).mean()), contrast)

    def problem(self) -> str | None:
        """Say what tells against the label as it is, and how it would fit better."""
        own = self.fit()
        turned = {one: self.fit(one) for one in self._others()}
        plausible = {one: fit for one, fit in turned.items() if fit.is_plausible}
        best = max(plausible, key=lambda one: plausible[one].contrast_hu, default=None)
        if best is not None and plausible[best].contrast_hu > own.contrast_hu:
            return f"as it is: {own}; it would fit better {best}: {plausible[best]}"
        if not own.is_plausible:
            low, high = MEAN_HU
            return f"{own}; expected a mean of {low:g} to {high:g} HU; turned it fits no better"
        return None

    def _edge(
        self, label: NDArray[np.uint8], axis: int, step_mm: float, way: int
    ) -> tuple[Points, Points]:
        """Return labelled voxels and those beyond the label's edge, pair by pair."""
        beyond = self._inside.copy()
        beyond[:, axis] += way * max(1, round(_OUTSIDE_MM / step_mm))
        there = (beyond[:, axis] >= 0) & (beyond[:, axis] < label.shape[axis])
        within, beyond = self._inside[there], beyond[there]
        is_edge = label[tuple(beyond.T)] == 0
        return within[is_edge], beyond[is_edge]

    def _hu(self, points: Points, orientation: Orientation) -> NDArray[np.int16]:
        return self._voxels[tuple(orientation.of(points, self._voxels.shape).T)]

    def _others(self) -> Iterator[Orientation]:
        """Yield all orientations that keep the shape and the slices, but the label's own."""
        columns, rows, _ = self._voxels.shape
        swaps = (False, True) if columns == rows else (False,)
        for swapped, *flipped in product(swaps, *[(False, True)] * 3):
            orientation = Orientation(swapped, tuple(flipped))
            if orientation != AS_IT_IS:
                yield orientation
