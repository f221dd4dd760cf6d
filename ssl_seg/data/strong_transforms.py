"""Transforms that make a copy of a sample strong: they change its values and move nothing.

They take pictures as `LoadImageFromFile` reads them, uint8 (H, W, 3) in BGR or (H, W) in grey, and
slices of volumes as `LoadSlices` does, float32 (H, W, slices), whose channels are no colours. Shape
and type stay. What ST++ and UniMatch do with colour pictures is::

    strong = [
        dict(type="ColorJitter"),
        dict(
            type="RandomGrayscale",  # mmcv's; for uint8 pictures only
            prob=0.2,
            keep_channels=True,
            channel_weights=(0.114, 0.587, 0.299),
        ),
        dict(type="RandomGaussianBlur"),
    ]

and with slices the same without ``RandomGrayscale``.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any, TypeAlias, final

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from numpy.typing import NDArray

from ssl_seg.data.argument_bounds import number_within, range_within
from ssl_seg.registry import TRANSFORMS

Pixels: TypeAlias = NDArray[Any]

_WHITE = 255
_LUMA_BGR = np.array([0.114, 0.587, 0.299], np.float32)
"""Of ITU-R BT.601, which Pillow, OpenCV and torchvision turn colours into grey with."""

_CIRCLE = 360
"""OpenCV's hues of float pictures are degrees."""


@TRANSFORMS.register_module()
@final
class ColorJitter(BaseTransform):
    """Change brightness, contrast, saturation and hue, colours in an order that is drawn too.

    The formulas are torchvision's, the defaults those of ST++ and UniMatch. With factors f from
    [max(0, 1 - x), 1 + x], where x is the argument: brightness f v; contrast m + f (v - m) with the
    mean grey m of the picture; saturation g + f (v - g) with the grey g of the pixel. The hue turns
    by a share of the colour circle. Colours are clipped to [0, 255] after each of them.

    Grey pictures and floats, such as slices of volumes, change in brightness and contrast alone,
    all slices alike. Floats are not clipped, as their range is that of the intensity rule.

    Args:
        brightness: x of the brightness, in [0, 1].
        contrast: x of the contrast, in [0, 1].
        saturation: x of the saturation, in [0, 1].
        hue: largest turn either way, in [0, 0.5].
        prob: probability that anything is done.

    Raises:
        UserError: an argument lies outside its range.
    """

    def __init__(
        self,
        brightness: float = 0.5,
        contrast: float = 0.5,
        saturation: float = 0.5,
        hue: float = 0.25,
        prob: float = 0.8,
    ) -> None:
        self._brightness = number_within(brightness, "brightness", 0, 1)
        self._contrast = number_within(contrast, "contrast", 0, 1)
        self._saturation = number_within(saturation, "saturation", 0, 1)
        self._hue = number_within(hue, "hue", 0, 0.5)
        self._prob = number_within(prob, "prob", 0, 1)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Change the picture; see the class."""
        if random.random() < self._prob:
            pixels = results["img"]
            results["img"] = self._byte(pixels) if pixels.dtype == np.uint8 else self._grey(pixels)
        return results

    def _grey(self, pixels: Pixels) -> Pixels:
        # Without clips in between, their order makes no difference.
        brighter = _brighter(pixels, _factor(self._brightness))
        return _contrasted(brighter, _factor(self._contrast))

    def _byte(self, pixels: Pixels) -> Pixels:
        is_colour = pixels.ndim == 3 and pixels.shape[2] == 3
        unit = pixels.astype(np.float32) / _WHITE
        changed = self._colour(unit) if is_colour else self._grey(unit)
        return np.rint(changed.clip(0, 1) * _WHITE).astype(np.uint8)

    def _colour(self, pixels: Pixels) -> Pixels:
        steps = [
            (_brighter, _factor(self._brightness)),
            (_colour_contrasted, _factor(self._contrast)),
            (_saturated, _factor(self._saturation)),
            (_turned, random.uniform(-self._hue, self._hue)),
        ]
        random.shuffle(steps)
        for step, amount in steps:
            pixels = step(pixels, amount).clip(0, 1)
        return pixels


def _factor(most: float) -> float:
    return random.uniform(1 - most, 1 + most)


def _brighter(pixels: Pixels, factor: float) -> Pixels:
    return pixels * factor


def _contrasted(pixels: Pixels, factor: float) -> Pixels:
    return _blended(pixels, pixels.mean(), factor)


def _colour_contrasted(pixels: Pixels, factor: float) -> Pixels:
    return _blended(pixels, (pixels @ _LUMA_BGR).mean(), factor)


def _saturated(pixels: Pixels, factor: float) -> Pixels:
    return _blended(pixels, (pixels @ _LUMA_BGR)[..., None], factor)


def _blended(pixels: Pixels, grey: Any, factor: float) -> Pixels:
    return grey + factor * (pixels - grey)


def _turned(pixels: Pixels, share: float) -> Pixels:
    hsv = cv2.cvtColor(pixels, cv2.COLOR_BGR2HSV)
    hsv[..., 0] = (hsv[..., 0] + share * _CIRCLE) % _CIRCLE
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)


@TRANSFORMS.register_module()
@final
class RandomGaussianBlur(BaseTransform):
    """Blur within the plane; slices are not mixed. The defaults are those of ST++ and UniMatch.

    Args:
        prob: probability that it is done.
        sigma: least and largest standard deviation in pixels, drawn evenly.

    Raises:
        UserError: an argument lies outside its range.
    """

    def __init__(self, prob: float = 0.5, sigma: Sequence[float] = (0.1, 2.0)) -> None:
        self._prob = number_within(prob, "prob", 0, 1)
        self._sigma = range_within(sigma, "sigma", 0.01, 100)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Blur the picture; see the class."""
        if random.random() < self._prob:
            pixels = results["img"]
            blurred = cv2.GaussianBlur(pixels, (0, 0), random.uniform(*self._sigma))
            results["img"] = blurred.reshape(pixels.shape)
        return results


@TRANSFORMS.register_module()
@final
class RandomCutout(BaseTransform):
    """Replace a box by noise and let its labels be ignored, as in Yang et al., "ST++" (CVPR 2022).

    The noise is even over what a picture can hold, for floats from its least to its largest value.

    Args:
        prob: probability that it is done.
        area: least and largest share of the picture that the box covers, drawn evenly.
        aspect: least ratio of the sides, in (0, 1]; its inverse is the largest. Its logarithm is
            drawn evenly, so that no side is preferred; ST++ draws the ratio itself.
        ignore_index: label of the box.

    Raises:
        UserError: an argument lies outside its range.
    """

    def __init__(
        self,
        prob: float = 0.5,
        area: Sequence[float] = (0.02, 0.4),
        aspect: float = 0.3,
        ignore_index: int = 255,
    ) -> None:
        self._prob = number_within(prob, "prob", 0, 1)
        self._area = range_within(area, "area", 0, 1)
        self._aspect = number_within(aspect, "aspect", 0.01, 1)
        self._ignore_index = ignore_index

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Cut a box out; see the class."""
        if random.random() < self._prob:
            pixels = results["img"]
            box = self._box(*pixels.shape[:2])
            low, high = (0, 256) if pixels.dtype == np.uint8 else (pixels.min(), pixels.max())
            # The global generator is what the training set seeds for each sample.
            pixels[box] = np.random.uniform(low, high, pixels[box].shape)  # noqa: NPY002
            for key in results["seg_fields"]:
                results[key][box] = self._ignore_index
        return results

    def _box(self, height: int, width: int) -> tuple[slice, slice]:
        area = random.uniform(*self._area) * height * width
        factor = math.sqrt(self._aspect ** random.uniform(-1, 1))
        rows = min(height, max(1, round(math.sqrt(area) * factor)))
        columns = min(width, max(1, round(math.sqrt(area) / factor)))
        top, left = random.randint(0, height - rows), random.randint(0, width - columns)
        return slice(top, top + rows), slice(left, left + columns)
