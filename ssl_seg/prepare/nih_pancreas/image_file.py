"""Scans as NIfTI files, with the header that `write_labels` gives to labels."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.nifti1 import Nifti1Image
from numpy.typing import NDArray

from ssl_seg.media.volumes.grid import Grid
from ssl_seg.store import atomic

# Noise hardly becomes smaller at higher levels.
_COMPRESSION = 1


def write_image(path: Path, voxels: NDArray[np.int16], grid: Grid) -> None:
    """Write a scan as a .nii.gz file, whole or not at all; equal voxels give equal bytes.

    Args:
        path: of the file; folders that are missing are made.
        voxels: in HU, native order.
        grid: where they lie.
    """
    affine = np.array(grid.affine)
    image: Any = Nifti1Image(voxels, affine)  # type: ignore[no-untyped-call]
    image.set_qform(affine, code="scanner")
    image.set_sform(affine, code="scanner")
    image.header.set_xyzt_units("mm")
    atomic.write_bytes(path, gzip.compress(image.to_bytes(), _COMPRESSION, mtime=0))
