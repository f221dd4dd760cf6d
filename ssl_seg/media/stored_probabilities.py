"""The probabilities of all classes in an artifact, as files that are named by their cases."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.case import Case
from ssl_seg.store import atomic

_LEVELS = 255
_NAME = "probabilities"


def write_probabilities(out: Path, case: Case, probabilities: NDArray[np.floating]) -> Path:
    """Write ``probabilities/<case>.npz`` and return its path.

    Args:
        out: of the artifact.
        case: names the file.
        probabilities: (C, H, W), or (C, X, Y, Z) in the order of the volume's file, in [0, 1];
            stored in steps of 1/255.
    """
    path = _path(out, case)
    content = BytesIO()
    # Its entries bear no date, so equal arrays are equal bytes.
    np.savez_compressed(content, **{_NAME: np.rint(probabilities * _LEVELS).astype(np.uint8)})
    atomic.write_bytes(path, content.getvalue())
    return path


def read_probabilities(out: Path, case: Case) -> NDArray[np.float32]:
    """Return what `write_probabilities` wrote, to the nearest 1/255."""
    with np.load(_path(out, case)) as stored:
        levels: NDArray[np.uint8] = stored[_NAME]
    return levels.astype(np.float32) / np.float32(_LEVELS)


def _path(out: Path, case: Case) -> Path:
    return out / _NAME / f"{case.id}.npz"
