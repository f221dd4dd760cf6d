"""Masks as files that are named by their cases: true ones, and those in an artifact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.case import Case
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.media.by_name import medium_of
from ssl_seg.media.numbering import numbered
from ssl_seg.media.true_mask import true_mask


def mask_path(folder: Path, case: Case) -> Path:
    """Return the path of a case's mask in a folder."""
    return folder / f"{case.id}{medium_of(case).mask_suffix}"


def write_prediction(
    out: Path,
    case: Case,
    labels: NDArray[np.uint8],
    space: LabelSpace,
    confidence: NDArray[np.floating] | None = None,
) -> Path:
    """Write ``maps/<case>`` and, if there is one, ``confidence/<case>``; return the mask's path.

    Args:
        out: of the artifact.
        case: whose image the mask lies on.
        labels: class numbers (H, W), or (X, Y, Z) in the order of the volume's file.
        space: of the labels.
        confidence: probability of each label, in [0, 1], of the same shape.
    """
    medium, path = medium_of(case), mask_path(out / "maps", case)
    medium.write_mask(path, case, labels, space)
    if confidence is not None:
        medium.write_confidence(mask_path(out / "confidence", case), case, confidence)
    return path


def read_values(folder: Path, case: Case) -> NDArray[np.uint8]:
    """Return what a mask holds as it was written, (H, W) or (X, Y, Z)."""
    return medium_of(case).read_mask(mask_path(folder, case))


def read_mask(folder: Path, case: Case, values: LabelValues) -> NDArray[np.uint8]:
    """Return a mask as class numbers or the ignore value of a label space."""
    return numbered(mask_path(folder, case), read_values(folder, case), values)


def read_levels(folder: Path, case: Case) -> NDArray[np.uint8]:
    """Return confidences as 8-bit levels, (H, W) or (X, Y, Z)."""
    return medium_of(case).read_confidence(mask_path(folder, case))


def read_true_mask(case: Case, values: LabelValues) -> NDArray[np.uint8]:
    """Return the true mask of a case of any medium; see `ssl_seg.media.true_mask`."""
    return true_mask(case, values, medium_of(case).read_mask)
