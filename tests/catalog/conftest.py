"""Small data sets in original layouts, drawn into a temporary folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from ssl_seg.catalog.index import DigestIndex

Draw = Callable[..., Path]

AFFINE = np.array([[-0.8, 0, 0, 40], [0, 0.7, 0, -30], [0, 0, 2.5, 100], [0, 0, 0, 1]])
"""To the left, to the front and to the head, in mm."""


@pytest.fixture
def index() -> DigestIndex:
    return DigestIndex()


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Write an image, or with ``values`` a mask that holds them; returns its path."""

    def write(name: str, *, values: tuple[int, ...] | None = None, size=(6, 4), mode="") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        width, height = size
        if values is None:
            seed = sum(name.encode())
            pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
            picture = Image.fromarray(pixels)
        else:
            picture = Image.fromarray(np.resize(np.array(values, np.uint8), (height, width)))
        if mode == "P":
            picture.putpalette([3 * value % 256 for value in range(768)])
        elif mode:
            picture = picture.convert(mode)
        picture.save(path)
        return path

    return write


@pytest.fixture
def draw_volume(tmp_path: Path) -> Draw:
    """Write a NIfTI volume, or with ``values`` a mask that holds them; returns its path."""

    def write(
        name: str,
        *,
        values: tuple[float, ...] | None = None,
        shape=(6, 5, 4),
        dtype=None,
        affine=AFFINE,
        kind=nibabel.Nifti1Image,
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if values is None:
            rng = np.random.default_rng(sum(name.encode()))
            voxels = rng.integers(-1000, 1000, shape).astype(dtype or np.int16)
        else:
            voxels = np.resize(np.array(values), shape).astype(dtype or np.uint8)
        image = kind(voxels, affine)
        image.header.set_xyzt_units("mm")
        nibabel.save(image, path)
        return path

    return write


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of published data sets."""
    root = os.environ.get("SSL_SEG_DATA")
    if not root:
        pytest.skip("SSL_SEG_DATA is not set: the published data sets are not at hand")
    return Path(root)
