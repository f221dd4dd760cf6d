"""The masks in an artifact, as files that are named by their cases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.media.numbering import numbered
from ssl_seg.media.pictures import masks
from ssl_seg.media.volumes import masks as volume_masks
from ssl_seg.media.volumes.grid import Grid


def map_path(folder: Path, case: Case) -> Path:
    """Return the path of a case's map in a folder: a NIfTI file of a volume, else a PNG."""
    return folder / f"{case.id}{'.nii.gz' if case.is_volume else '.png'}"


def write_prediction(
    out: Path,
    case: Case,
    labels: NDArray[np.uint8],
    space: LabelSpace,
    confidence: NDArray[np.floating] | None = None,
) -> Path:
    """Write ``maps/<case>`` and, if there is one, ``confidence/<case>``; return the map's path.

    Args:
        out: of the artifact.
        case: whose volume says in which grid its map lies.
        labels: class numbers (H, W), or (X, Y, Z) in the order of the volume's file.
        space: of the labels.
        confidence: probability of each label, in [0, 1], of the same shape.
    """
    path, other = map_path(out / "maps", case), map_path(out / "confidence", case)
    if case.is_volume:
        grid = Grid.of(Path(case.image.path))
        volume_masks.write_labels(path, labels, grid)
        if confidence is not None:
            volume_masks.write_confidence(other, confidence, grid)
        return path
    masks.write_label_map(path, labels, space)
    if confidence is not None:
        masks.write_confidence(other, confidence)
    return path


def read_values(folder: Path, case: Case) -> NDArray[np.uint8]:
    """Return what a map holds as it was written, (H, W) or (X, Y, Z)."""
    path = map_path(folder, case)
    return volume_masks.read_label_values(path) if case.is_volume else masks.read_indices(path)


def read_map(folder: Path, case: Case, values: LabelValues) -> NDArray[np.uint8]:
    """Return a map as class numbers or the ignore value of a label space."""
    return numbered(map_path(folder, case), read_values(folder, case), values)


def read_levels(folder: Path, case: Case) -> NDArray[np.uint8]:
    """Return confidences as 8-bit levels, (H, W) or (X, Y, Z)."""
    path = map_path(folder, case)
    return volume_masks.read_confidence(path) if case.is_volume else masks.read_confidence(path)


def read_true_map(case: Case, values: LabelValues) -> NDArray[np.uint8]:
    """Return a case's true label as class numbers or the ignore value of a label space.

    Raises:
        ValueError: it has none, or its file holds a value that the space does not list.
    """
    if case.label is None:
        raise UserError(f"case {case.id!r} has no label file")
    path = Path(case.label.path)
    read = volume_masks.read_labels if case.is_volume else masks.read_truth
    return read(path, values)
