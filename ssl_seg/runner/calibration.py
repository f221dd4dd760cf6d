"""How often labels of S by models that had not seen it are right, by class and confidence."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from ssl_seg.core.case import Case
from ssl_seg.core.stage import Calibration
from ssl_seg.data.calibration import Counts
from ssl_seg.data.pseudo_labels import LEVELS
from ssl_seg.media.by_name import medium_of
from ssl_seg.media.stored_masks import read_levels, read_true_mask, read_values
from ssl_seg.store.store import Store


@lru_cache(maxsize=1)
def measured(calibration: Calibration, store: Store) -> tuple[Counts, Counts]:
    """Return right pixels and all pixels by predicted class and 8-bit confidence, (C, 256) each.

    Pixels without a true class are left out.
    """
    classes = len(calibration.values.space)
    shape = (classes, LEVELS)
    right, pixels = (np.zeros(shape, np.int64) for _ in range(2))
    folders = _folders(calibration, store)
    for case in calibration.cases:
        labels, levels, truth = _read(case, folders[case.id], calibration)
        known = truth != calibration.values.space.ignore
        places = np.ravel_multi_index((labels[known], levels[known]), shape)
        correct = labels[known] == truth[known]
        pixels += np.bincount(places, minlength=pixels.size).reshape(shape)
        right += np.bincount(places[correct], minlength=right.size).reshape(shape)
    return right, pixels


def _folders(calibration: Calibration, store: Store) -> dict[str, Path]:
    """Return the artifact that holds each case's mask."""
    folders = {}
    for name in calibration.written_by:
        folder = store.path(name)
        manifest = json.loads((folder / "manifest.json").read_text())
        folders.update(dict.fromkeys((entry["case"] for entry in manifest["cases"]), folder))
    return folders


def _read(case: Case, folder: Path, calibration: Calibration) -> tuple[np.ndarray, ...]:
    """Return class numbers, levels and true class numbers of a case, of one shape."""
    labels = read_values(folder / "maps", case)
    truth = read_true_mask(case, calibration.values)
    compared = medium_of(case).scored(truth, labels, calibration.max_side)
    return labels, read_levels(folder / "confidence", case), compared
