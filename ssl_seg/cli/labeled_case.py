"""What commands write of a labeled image or volume: its mask, and pictures of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.case import Case
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.media.pictures.masks import write_label_map
from ssl_seg.media.pictures.overlay import write_overlay
from ssl_seg.media.pictures.working_size import at_size_of
from ssl_seg.media.stored_masks import map_path
from ssl_seg.media.volumes.drawing import LabeledVolume, grey_range, write_case_pictures
from ssl_seg.media.volumes.grid import Grid
from ssl_seg.media.volumes.masks import read_labels, write_labels
from ssl_seg.media.volumes.voxels import read_voxels

OPACITY = 0.5
"""Of the colours, unless asked for otherwise."""


def write_map(folder: Path, case: Case, labels: NDArray[np.uint8], space: LabelSpace) -> None:
    """Write ``<case>.nii.gz`` in the native grid of a volume, or ``<case>.png`` of an image's size.

    Args:
        folder: missing folders are made.
        case: the case.
        labels: predicted class numbers, as a predictor returns them.
        space: of the labels.
    """
    image = Path(case.image.path)
    if case.is_volume:
        write_labels(map_path(folder, case), labels, Grid.of(image))
    else:
        write_label_map(map_path(folder, case), at_size_of(image, labels), space)


def write_pictures(
    folder: Path,
    case: Case,
    labels: NDArray[np.uint8],
    space: LabelSpace,
    *,
    pipeline: Sequence[Mapping[str, Any]],
    truth: LabelValues | None = None,
    opacity: float = OPACITY,
) -> None:
    """Write what people look at of one case.

    ``<case>-<view>.png`` of a volume, compared with its true label where there is one; or
    ``<case>.jpg`` of an image, in the colours of the predicted classes.

    Args:
        folder: missing folders are made.
        case: the case.
        labels: predicted class numbers, of a volume in its native grid.
        space: of the labels.
        pipeline: of the images, which says what grey volumes are seen in.
        truth: how the case's true label is read into the same space; ``None`` leaves it out.
        opacity: of the colours, 0 (image only) to 1 (colours only).
    """
    image = Path(case.image.path)
    if not case.is_volume:
        path = folder / f"{case.id}.jpg"
        write_overlay(path, image, at_size_of(image, labels), space, opacity)
        return
    voxels, grid = read_voxels(image)
    known = (
        None if truth is None or case.label is None else read_labels(Path(case.label.path), truth)
    )
    volume = LabeledVolume(voxels, grid, labels, known, space)
    grey = grey_range(pipeline, voxels)
    write_case_pictures(folder, case.id, volume, grey=grey, opacity=opacity)
