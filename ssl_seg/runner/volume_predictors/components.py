"""Connected components of masks: small ones are taken for mistakes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage  # type: ignore[import-untyped]

from ssl_seg.media.volumes.cut import Place

Mask = NDArray[np.bool_]


def bounding_place(mask: NDArray[np.bool_] | NDArray[np.uint8]) -> Place | None:
    """Return the smallest box around what is not zero in a volume; ``None`` if nothing is."""
    place = [slice(None)] * 3
    for axis in range(3):
        # Each axis is searched in what the axes before it have left.
        others = tuple(other for other in range(3) if other != axis)
        there = np.flatnonzero(np.any(mask[tuple(place)], axis=others))
        if not there.size:
            return None
        place[axis] = slice(int(there[0]), int(there[-1]) + 1)
    return place[0], place[1], place[2]


def large_components(mask: Mask, keep: float, *, voxels: int | None = None) -> Mask:
    """Return a mask without its components smaller than ``keep`` times the largest one.

    Components are 6-connected. A mask that is empty or covers half of the volume or more comes
    back as it is, like in RSTN's released code.

    Args:
        mask: (a, b, c) bool.
        keep: from 0, all components, to 1, the largest one and those of its size.
        voxels: of the whole volume, where the mask is a part of it.
    """
    count = np.count_nonzero(mask)
    place = bounding_place(mask)
    if place is None or 2 * count >= (voxels or mask.size):
        return mask
    numbers, _ = ndimage.label(mask[place])
    sizes = np.bincount(numbers.ravel())
    sizes[0] = 0
    large = sizes >= keep * sizes.max()
    large[0] = False
    kept = np.zeros_like(mask)
    kept[place] = large[numbers]
    return kept


def large_labels(
    labels: NDArray[np.uint8], *, keep: float, voxels: int | None = None
) -> NDArray[np.uint8]:
    """Return labels (a, b, c) with the small components of each class made background.

    Args:
        labels: class numbers.
        keep: see `large_components`.
        voxels: of the whole volume, where the labels are a part of it.
    """
    kept = np.zeros_like(labels)
    for number in range(1, int(labels.max(initial=0)) + 1):
        kept[large_components(labels == number, keep, voxels=voxels)] = number
    return kept
