"""Pictures of volumes: one slice per view in grey, labels laid over it, for people to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from ssl_seg.core.space import LabelSpace
from ssl_seg.core.views import BODY_VIEWS, BodyView
from ssl_seg.media.volumes.grid import Grid
from ssl_seg.store import atomic

LONGER_SIDE = 512
"""Pixels of a picture's longer side, whatever the number of voxels: text stays readable."""

TRUTH, PREDICTION, BOTH = 1, 2, 3

COMPARISON: tuple[tuple[int, int, int], ...] = ((0, 0, 0), (255, 0, 0), (0, 255, 0), (255, 255, 0))
"""Colours of nothing, ground truth alone, prediction alone, and both, as in the ATSO paper."""

_AXES: Mapping[BodyView, int] = {"sagittal": 0, "coronal": 1, "axial": 2}
_BACKGROUND = 0
_DARKEST_AND_BRIGHTEST = (0.5, 99.5)
_SMALLEST = float(np.finfo(np.float32).tiny)
_TEXT_SIZE, _TEXT_PLACE = 22, (8, 6)


@dataclass(frozen=True)
class LabeledVolume:
    """A volume and what is said of it, all in the native order of its file.

    Attributes:
        voxels: (X, Y, Z) as read.
        grid: of the file.
        prediction: (X, Y, Z) class numbers in the space.
        truth: (X, Y, Z) class numbers or the ignore value; ``None`` where it is not known.
        space: the label space; class 0 is background.

    Raises:
        ValueError: the shapes differ.
    """

    voxels: NDArray[Any]
    grid: Grid
    prediction: NDArray[np.uint8]
    truth: NDArray[np.uint8] | None
    space: LabelSpace

    def __post_init__(self) -> None:
        for name, labels in (("prediction", self.prediction), ("truth", self.truth)):
            if labels is not None and labels.shape != self.voxels.shape:
                raise ValueError(
                    f"the {name} has shape {labels.shape}, the image {self.voxels.shape}; a "
                    "picture needs both in the image's own grid"
                )


def write_case_pictures(
    folder: Path,
    case: str,
    volume: LabeledVolume,
    *,
    grey: tuple[float, float],
    opacity: float = 0.5,
    views: Sequence[BodyView] = BODY_VIEWS,
) -> list[Path]:
    """Write ``<folder>/<case>-<view>.png`` for each view, and return the paths.

    Each shows the slice with the largest area of true foreground (predicted, where there is no
    truth or it is empty; the middle one, where that is empty too), upright as radiologists look
    at it: axial slices from below, coronal ones from the front, both with the patient's right on
    the left, and sagittal ones with the front on the left. Proportions are those of the body.

    With a truth, all foreground counts as one: truth in red, prediction in green, what is in both
    in yellow; the Dice of the whole volume stands in the corner. Voxels whose truth is the ignore
    value are not scored and keep their grey. Without a truth, classes have their own colours.

    Args:
        folder: missing folders are made.
        case: its id.
        volume: the case.
        grey: the values that are black and white, see `grey_range`.
        opacity: of the colours, 0 (image only) to 1 (colours only).
        views: which to draw.
    """
    compared = volume.truth is not None
    layer = _compared(volume) if compared else _classes(volume)
    palette = COMPARISON if compared else volume.space.palette
    text = _score(layer) if compared else ""
    image, colours = map(volume.grid.to_canonical, (volume.voxels, layer))
    paths = []
    for view in views:
        index = _slice(colours, view, compared=compared)
        size = _size(colours.shape, volume.grid.canonical_spacing, view)
        base = _grey(_plane(image, view, index), grey, size)
        picture = _blended(base, _resized(_plane(colours, view, index), size), palette, opacity)
        path = folder / f"{case}-{view}.png"
        title = f"{case}, {view} slice {index}" + (f", {text}" if text else "")
        atomic.write_bytes(path, _png(picture, text, title))
        paths.append(path)
    return paths


def grey_range(pipeline: Sequence[Mapping[str, Any]], voxels: NDArray[Any]) -> tuple[float, float]:
    """Return the values of a volume that a picture shows as black and white.

    The window or percentiles of the pipeline's ``LoadSlices``: what the network sees. Without
    either, 0.5 and 99.5 per cent. Where these are one value, the least and the greatest.
    """
    rule = next((step for step in pipeline if step["type"] == "LoadSlices"), {})
    if rule.get("window") is not None:
        low, high = map(float, rule["window"])
        return low, high
    percentiles = rule.get("percentiles") or _DARKEST_AND_BRIGHTEST
    low, high = map(float, np.percentile(voxels, percentiles))
    return (low, high) if low < high else (float(voxels.min()), float(voxels.max()))


def _compared(volume: LabeledVolume) -> NDArray[np.uint8]:
    """Return for each voxel whether it is in the truth, the prediction, or both."""
    assert volume.truth is not None  # noqa: S101 - asked by the caller
    layer = (volume.truth != _BACKGROUND) * np.uint8(TRUTH)
    layer |= (volume.prediction != _BACKGROUND) * np.uint8(PREDICTION)
    layer[volume.truth == volume.space.ignore] = 0
    return layer


def _classes(volume: LabeledVolume) -> NDArray[np.uint8]:
    """Return the class of each voxel; the ignore value has no colour."""
    ignored = volume.prediction == volume.space.ignore
    return np.where(ignored, np.uint8(_BACKGROUND), volume.prediction)


def _score(layer: NDArray[np.uint8]) -> str:
    """Write the Dice of all foreground in the volume for people."""
    truth, prediction, both = (
        int(np.count_nonzero(layer == part)) for part in (TRUTH, PREDICTION, BOTH)
    )
    total = truth + prediction + 2 * both
    return f"DSC {200 * both / total:.1f} %" if total else "DSC undefined: both empty"


def _slice(layer: NDArray[np.uint8], view: BodyView, *, compared: bool) -> int:
    """Return the number of the slice, along the view's canonical axis, that is shown."""
    others = tuple(axis for axis in range(3) if axis != _AXES[view])
    for guide in [layer & TRUTH, layer] if compared else [layer]:
        areas = np.count_nonzero(guide, axis=others)
        if areas.any():
            return int(areas.argmax())
    return layer.shape[_AXES[view]] // 2


def _plane(volume: NDArray[Any], view: BodyView, index: int) -> NDArray[Any]:
    """Cut a slice out of a canonical volume and turn it upright.

    Of the two axes that are left the second one becomes the rows. Canonical axes count to the
    right, to the front and up, so both start where the picture ends.
    """
    return np.moveaxis(volume, _AXES[view], 0)[index, ::-1, ::-1].T


def _size(shape: Sequence[int], spacing: Sequence[float], view: BodyView) -> tuple[int, int]:
    """Return height and width in pixels, in the proportions that the slice has in mm."""
    width, height = (shape[axis] * spacing[axis] for axis in range(3) if axis != _AXES[view])
    scale = LONGER_SIDE / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _grey(
    plane: NDArray[Any], grey: tuple[float, float], size: tuple[int, int]
) -> NDArray[np.float32]:
    """Return a slice at the size of the picture in [0, 255]."""
    low, high = grey
    levels = (plane.astype(np.float32) - low) / max(high - low, _SMALLEST)
    return cv2.resize(255 * np.clip(levels, 0, 1), size[::-1], interpolation=cv2.INTER_LINEAR)


def _resized(labels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return labels at the size of the picture, as those nearest to the centres."""
    resized = cv2.resize(
        np.ascontiguousarray(labels), size[::-1], interpolation=cv2.INTER_NEAREST_EXACT
    )
    return np.asarray(resized, np.uint8)


def _blended(
    grey: NDArray[np.float32],
    labels: NDArray[np.uint8],
    palette: Sequence[tuple[int, int, int]],
    opacity: float,
) -> NDArray[np.uint8]:
    """Lay colours (H, W, 3) over grey; the background keeps it."""
    colours = np.asarray(palette, np.float32)[labels]
    weight = np.where(labels == _BACKGROUND, 0, opacity)[..., None]
    return np.rint(grey[..., None] * (1 - weight) + colours * weight).astype(np.uint8)


def _png(pixels: NDArray[np.uint8], text: str, title: str) -> bytes:
    """Encode a picture with a text in its upper left corner, and a title among its data."""
    picture = Image.fromarray(pixels)
    if text:
        font = ImageFont.load_default(_TEXT_SIZE)
        drawing = ImageDraw.Draw(picture)
        # The rim keeps white letters readable on white bones.
        drawing.text(_TEXT_PLACE, text, "white", font, stroke_width=2, stroke_fill="black")
    facts = PngInfo()
    facts.add_text("Title", title)
    buffer = BytesIO()
    picture.save(buffer, "PNG", pnginfo=facts)
    return buffer.getvalue()
