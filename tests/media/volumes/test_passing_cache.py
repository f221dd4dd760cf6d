"""The cache of volumes that are looked at once: the same slices, and one volume on disk."""

from hashlib import sha256

import nibabel
import numpy as np
import pytest

from ssl_seg.core.case import DataFile
from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.media.volumes.cache import VolumeCache
from ssl_seg.media.volumes.passing_cache import PassingCache
from ssl_seg.media.volumes.working_grid import WorkingGrid


@pytest.fixture
def files(tmp_path):
    """Three volumes; the last one is the first one again."""
    made = []
    for name, seed in (("a", 0), ("b", 1), ("copy_of_a", 0)):
        voxels = np.random.default_rng(seed).integers(-99, 99, (5, 4, 3)).astype(np.int16)
        path = tmp_path / f"{name}.nii"
        nibabel.save(nibabel.Nifti1Image(voxels, np.diag([1, 1, 3, 1])), path)
        made.append(DataFile(str(path), sha256(path.read_bytes()).hexdigest()))
    assert made[0].digest == made[2].digest
    return made


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 0, 2, 1), (0, 2, 1, 0)])
def test_it_serves_what_the_other_cache_serves_and_keeps_one_volume(tmp_path, files, order):
    grid = WorkingGrid(2.0)
    passing = PassingCache(tmp_path / "passing", grid)
    other = VolumeCache(tmp_path / "other", grid)
    for number in order:
        file = files[number]
        image = passing.image(file, BODY_VIEWS)
        for view in BODY_VIEWS:
            expected = other.image(file, BODY_VIEWS).slices(view)
            np.testing.assert_array_equal(image.slices(view), expected)
        assert len(list((tmp_path / "passing").iterdir())) == 1


def test_views_of_one_volume_may_be_asked_for_one_by_one(tmp_path, files):
    passing = PassingCache(tmp_path / "passing", WorkingGrid())
    first = passing.image(files[0], ("axial",))
    second = passing.image(files[0], ("coronal",))
    assert first.slices("axial").shape == (3, 4, 5)
    assert second.slices("coronal").shape == (4, 3, 5)
