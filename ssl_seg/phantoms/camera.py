"""Where a point of the street lands in the frame.

Axes of the world, in metres: x to the right of the camera, y up from the ground, z ahead of it.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

NEAR_M = 1.0


@final
@dataclass(frozen=True, kw_only=True)
class Camera:
    """A pinhole camera that looks along z.

    Attributes:
        height_m: Height above the ground.
        focal: Focal length as a share of the frame's width.
        horizon: Row of the horizon as a share of the frame's height, from the top.
        centre: Column of the vanishing point as a share of the frame's width, from the left.
    """

    height_m: float
    focal: float
    horizon: float
    centre: float = 0.5

    def project(self, corners: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
        """Project points onto the frame.

        Points nearer than `NEAR_M` are moved onto the near plane. That clips exactly, as every face
        of the street lies along an axis, so that its edges keep their x and y.

        Args:
            corners: `(..., 3)`, x, y and z in metres.
            size: Width and height of the frame in pixels.

        Returns:
            `(..., 2)`, column and row in pixels from the upper left edge; may lie outside.
        """
        width, height = size
        depth = np.maximum(corners[..., 2], NEAR_M)
        focal_px = self.focal * width
        column = self.centre * width + focal_px * corners[..., 0] / depth
        row = self.horizon * height + focal_px * (self.height_m - corners[..., 1]) / depth
        return np.stack([column, row], axis=-1)
