"""Where the voxels of a scan lie."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray


@final
@dataclass(frozen=True, kw_only=True)
class Grid:
    """Voxels in columns, rows and slices along x, y and z.

    Attributes:
        shape: Number of columns, rows and slices.
        spacing_mm: Distance between the centres of neighbours along x, y and z.
        first_mm: x, y and z of the first voxel's centre.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    first_mm: tuple[float, float, float]

    def axis(self, axis: int) -> NDArray[np.float32]:
        """Return the positions of all voxel centres along one axis, in mm, rising."""
        steps = np.arange(self.shape[axis]) * self.spacing_mm[axis]
        return (self.first_mm[axis] + steps).astype(np.float32)
