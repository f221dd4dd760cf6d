"""Small NIfTI files, written by nibabel alone."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import nibabel
import numpy as np
import pytest

from ssl_seg.core.case import DataFile

TURNED = np.array([[0, -2.0, 0, 30], [0, 0, 3.0, -7], [-1.5, 0, 0, 11], [0, 0, 0, 1]])
"""An affine whose file axes run along -z, -x and y."""


@pytest.fixture
def write_nifti(tmp_path):
    """Return a function that writes a volume and returns its path."""

    def write(voxels, affine=TURNED, name="a.nii.gz", slope=None, intercept=0):
        image = nibabel.Nifti1Image(voxels, affine)
        image.header.set_xyzt_units("mm")
        if slope is not None:
            image.header.set_slope_inter(slope, intercept)
        nibabel.save(image, tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def noise():
    """Return a volume of CT-like values in which no voxel is like its neighbours."""
    return np.random.default_rng(0).integers(-1000, 1500, (6, 5, 4), np.int16)


@pytest.fixture(scope="session")
def real_data():
    """Return the folder of real data."""
    if "SSL_SEG_DATA" not in os.environ:
        pytest.skip("SSL_SEG_DATA does not name the folder of real data")
    return Path(os.environ["SSL_SEG_DATA"])


@pytest.fixture
def data_file():
    """Return a function that gives a file its digest."""
    return lambda path: DataFile(str(path), sha256(path.read_bytes()).hexdigest())
