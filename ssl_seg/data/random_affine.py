"""Rotation, scale and shift of a training sample in one resampling."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any, final

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from numpy.typing import NDArray

from ssl_seg.data.argument_bounds import number_within, range_within
from ssl_seg.registry import TRANSFORMS

_MOST_CHANNELS = 4
"""How many channels OpenCV warps at once; its border values are that many."""


@TRANSFORMS.register_module()
@final
class RandomAffine(BaseTransform):
    """Turn, scale and shift picture and masks about the centre; the size stays.

    The picture is resampled bilinearly, masks by nearest neighbour, each once, with any number of
    slices. Mmsegmentation's `RandomRotate` and `RandomRotFlip` only turn; the one marks what comes
    from outside in the first slice of a mask alone, the other calls it class 0.

    Args:
        degree: least and largest angle, counter-clockwise, or the largest either way.
        scale: least and largest factor of sizes; its logarithm is drawn evenly.
        shift: largest shift either way, as a share of height and of width.
        prob: probability that it is done.
        pad_val: value of the picture outside.
        seg_pad_val: label outside.

    Raises:
        UserError: an argument lies outside its range.
    """

    def __init__(
        self,
        degree: float | Sequence[float] = 0.0,
        scale: Sequence[float] = (1.0, 1.0),
        shift: float = 0.0,
        prob: float = 1.0,
        pad_val: float = 0,
        seg_pad_val: int = 255,
    ) -> None:
        either_way = isinstance(degree, (int, float))
        self._degree = range_within(
            (-degree, degree) if either_way else degree,  # type: ignore[operator, arg-type]
            "degree",
            -360,
            360,
        )
        self._scale = range_within(scale, "scale", 0.01, 100)
        self._shift = number_within(shift, "shift", 0, 1)
        self._prob = number_within(prob, "prob", 0, 1)
        self._pad_val = pad_val
        self._seg_pad_val = seg_pad_val

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Move the sample; see the class."""
        if random.random() < self._prob:
            matrix = self._matrix(*results["img"].shape[:2])
            results["img"] = _warped(results["img"], matrix, cv2.INTER_LINEAR, self._pad_val)
            for key in results["seg_fields"]:
                results[key] = _warped(results[key], matrix, cv2.INTER_NEAREST, self._seg_pad_val)
        return results

    def _matrix(self, height: int, width: int) -> NDArray[np.float64]:
        """Draw where pixels go, (2, 3): (x', y') = A (x, y, 1)."""
        factor = math.exp(random.uniform(*map(math.log, self._scale)))
        centre = ((width - 1) / 2, (height - 1) / 2)
        turn = cv2.getRotationMatrix2D(centre, random.uniform(*self._degree), factor)
        matrix = np.asarray(turn, np.float64)
        for row, size in enumerate((width, height)):
            matrix[row, 2] += random.uniform(-self._shift, self._shift) * size
        return matrix


def _warped(
    pixels: NDArray[Any], matrix: NDArray[np.float64], interpolation: int, outside: float
) -> NDArray[Any]:
    height, width = pixels.shape[:2]
    channels = pixels.reshape(height, width, -1)
    parts = [
        cv2.warpAffine(
            np.ascontiguousarray(channels[..., first : first + _MOST_CHANNELS]),
            matrix,
            (width, height),
            flags=interpolation,
            borderValue=(outside,) * _MOST_CHANNELS,
        ).reshape(height, width, -1)
        for first in range(0, channels.shape[2], _MOST_CHANNELS)
    ]
    return np.concatenate(parts, axis=2).reshape(pixels.shape)
