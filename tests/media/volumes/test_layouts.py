"""Each slice of each view lies in one piece, upright as the views are defined."""

from __future__ import annotations

import numpy as np
import pytest

from ssl_seg.media.volumes.cut import BODY_CUTS
from ssl_seg.media.volumes.layouts import Layout

VOXELS = np.random.default_rng(0).integers(0, 999, (3, 4, 5), np.int16)  # x, y, z


@pytest.mark.parametrize(
    ("view", "shape", "picture"),
    [
        ("axial", (5, 4, 3), lambda k: VOXELS[:, :, k].T),
        ("coronal", (4, 5, 3), lambda j: VOXELS[:, j, :].T),
        ("sagittal", (3, 5, 4), lambda i: VOXELS[i].T),
    ],
)
def test_a_view_is_its_slices(tmp_path, view, shape, picture):
    slices = BODY_CUTS[view].slices(VOXELS.T)
    assert slices.shape == shape
    for index in range(shape[0]):
        assert np.array_equal(slices[index], picture(index))
    layout = Layout(tmp_path / "entry", view)
    written = layout.write(slices, {"answer": 42})
    read = layout.read()
    assert read == written
    assert read["answer"] == 42
    assert np.array_equal(layout.open(read), slices)
    raw = np.fromfile(tmp_path / "entry" / f"{view}.bin", np.int16)
    assert np.array_equal(raw, np.concatenate([plane.ravel() for plane in slices]))


def test_what_was_not_written_is_not_there(tmp_path):
    assert Layout(tmp_path, "axial").read() is None
