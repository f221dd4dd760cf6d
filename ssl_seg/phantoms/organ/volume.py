"""One scan and what is in it."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ssl_seg.phantoms.organ.grid import Grid


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Volume:
    """A scan of one case.

    Attributes:
        grid: Where its voxels lie.
        voxels: `(X, Y, Z)`, int16, Hounsfield units.
        labels: `(X, Y, Z)`, uint8: 0 background, 1 the organ, 2 a mass in it.
        thickness_mm: Thickness of a slice, which is not the distance to the next.
    """

    grid: Grid
    voxels: NDArray[np.int16]
    labels: NDArray[np.uint8]
    thickness_mm: float
