"""Distances between the surfaces of two masks, in mm or whatever the spacing is in.

The surface of a mask is made of voxels: those of the mask with a neighbour across a face (in an
image, an edge) that is not in the mask; beyond the array nothing is. Distances are Euclidean,
between voxel centres, and each surface voxel counts once. MONAI (without ``use_subvoxels``) and
MedPy (``connectivity=1``) define surfaces so. DeepMind's surface-distance instead weights pieces of
a surface between the voxels by their area, and states somewhat other numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]
Distances: TypeAlias = NDArray[np.float64]

# Positions are products with the spacing, so a distance of one voxel may come out a rounding error
# above a tolerance of one voxel.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class SurfaceDistances:
    """How far the surfaces of two masks are from each other.

    Attributes:
        of_prediction: distance (P,) of each voxel of the prediction's surface to the nearest one of
            the true surface, in no particular order.
        of_truth: distance (T,) of each voxel of the true surface to the nearest one of the
            prediction's.
    """

    of_prediction: Distances
    of_truth: Distances

    def hausdorff(self, percentile: float = 100.0) -> float:
        """Return the larger one of both directions' percentiles, interpolated linearly.

        100 is the Hausdorff distance, 95 its robust form HD95: that of MONAI. MedPy's ``hd95``
        takes one percentile of both directions together, which is at most as large.
        """
        return float(max(np.percentile(part, percentile) for part in self._parts))

    def average(self) -> float:
        """Return the mean over the voxels of both surfaces: the ASSD of MONAI and MedPy."""
        return float(np.concatenate(self._parts).mean())

    def dice(self, tolerance: float) -> float:
        """Return the share in per cent of both surfaces' voxels within a tolerance of the other.

        This is the surface Dice, or normalised surface distance (NSD), of MONAI.
        """
        allowed = tolerance * (1 + _ROUNDING)
        near = sum(np.count_nonzero(part <= allowed) for part in self._parts)
        return 100 * near / sum(part.size for part in self._parts)

    @property
    def _parts(self) -> tuple[Distances, Distances]:
        return self.of_prediction, self.of_truth


def surface_distances(prediction: Mask, truth: Mask, spacing: Sequence[float]) -> SurfaceDistances:
    """Measure how far the surfaces of two masks are from each other.

    Args:
        prediction: a mask with any number of axes.
        truth: a mask of the same shape.
        spacing: distance between neighbouring voxels along each axis, above 0.

    Returns:
        Distances in the unit of the spacing.

    Raises:
        ValueError: a mask is empty, as there is no distance to nothing.

    >>> truth = np.array([[True, True, False, False]])
    >>> surface_distances(np.roll(truth, 1), truth, spacing=(1.0, 2.5)).of_truth
    array([0. , 2.5])
    """
    for name, mask in (("prediction", prediction), ("truth", truth)):
        if not mask.any():
            raise ValueError(f"the {name} is empty, and there is no distance to nothing")
    box = _enclosing_box(prediction | truth)
    predicted, true = surface(prediction[box]), surface(truth[box])
    scale = np.asarray(spacing, np.float64)
    return SurfaceDistances(_distances(predicted, true, scale), _distances(true, predicted, scale))


def surface(mask: Mask) -> Mask:
    """Return which voxels of a mask have a neighbour across a face that is not in it.

    >>> surface(np.ones((3, 4), bool)).astype(int)
    array([[1, 1, 1, 1],
           [1, 0, 0, 1],
           [1, 1, 1, 1]])
    """
    inside = mask.copy()
    for axis in range(mask.ndim):
        voxels, neighbours = np.moveaxis(inside, axis, 0), np.moveaxis(mask, axis, 0)
        voxels[1:] &= neighbours[:-1]
        voxels[:-1] &= neighbours[1:]
        voxels[[0, -1]] = False
    return mask & ~inside


def _enclosing_box(mask: Mask) -> tuple[slice, ...]:
    """Return the smallest box that holds a mask that is not empty."""
    box: tuple[slice, ...] = ()
    for axis in range(mask.ndim):
        # What earlier axes have cut away need not be looked at again.
        others = tuple(other for other in range(mask.ndim) if other != axis)
        found = np.flatnonzero(mask[box].any(axis=others))
        box = (*box, slice(int(found[0]), int(found[-1]) + 1))
    return box


def _distances(surface: Mask, other: Mask, scale: NDArray[np.float64]) -> Distances:
    """Return the distance of each voxel of a surface to the nearest one of another."""
    # It is slow to import, and planning a run builds metrics without measuring anything.
    from scipy.spatial import KDTree  # type: ignore[import-untyped]  # noqa: PLC0415

    apart = surface & ~other
    shared = np.zeros(np.count_nonzero(surface) - np.count_nonzero(apart))
    nearest, _ = KDTree(np.argwhere(other) * scale).query(np.argwhere(apart) * scale)
    return np.concatenate([shared, nearest])
