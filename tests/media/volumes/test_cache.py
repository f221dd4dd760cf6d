"""The cache serves what is in the file, in every view, also after damage and in a crowd."""

from __future__ import annotations

import json
import logging
import multiprocessing
import pickle
from pathlib import Path

import nibabel
import numpy as np
import pytest

from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.media.volumes.cache import VolumeCache
from ssl_seg.media.volumes.grid import Grid
from ssl_seg.media.volumes.statistics import Statistics
from ssl_seg.media.volumes.working_grid import WorkingGrid


@pytest.fixture
def open_cache(tmp_path):
    """Return a function that opens the cache as a new process does."""
    return lambda spacing=None: VolumeCache(tmp_path / "cache", WorkingGrid(spacing))


def files_of(cache_folder: Path):
    return sorted(path for path in cache_folder.rglob("*") if path.is_file())


def assert_slices(slices_of, canonical):
    """Compare every voxel of every view with the volume, from the definition of the views."""
    x, y, z = canonical.shape
    expected = {
        "sagittal": [[[canonical[i, j, k] for j in range(y)] for k in range(z)] for i in range(x)],
        "coronal": [[[canonical[i, j, k] for i in range(x)] for k in range(z)] for j in range(y)],
        "axial": [[[canonical[i, j, k] for i in range(x)] for j in range(y)] for k in range(z)],
    }
    for view in BODY_VIEWS:
        assert np.array_equal(slices_of(view), expected[view]), view


def closest_canonical(path):
    return np.asarray(nibabel.as_closest_canonical(nibabel.load(path)).dataobj)


def test_acquired_slices_are_those_of_the_file(open_cache, write_nifti, data_file, noise):
    path = write_nifti(noise)  # the largest spacing is that of the last axis
    image = open_cache().image(data_file(path), ("acquired", "axial"))
    assert np.array_equal(image.slices("acquired"), noise.T)
    labels = open_cache().labels("key", image.grid, lambda: LABELS, ("acquired",))
    assert np.array_equal(labels.slices("acquired"), LABELS.T)


def test_slices_are_those_of_the_file(open_cache, write_nifti, data_file, noise):
    path = write_nifti(noise)
    image = open_cache().image(data_file(path), BODY_VIEWS)
    assert_slices(image.slices, closest_canonical(path))
    assert image.path == str(path)
    assert image.grid == Grid.of(path)
    assert image.statistics == Statistics.of(noise)
    for view in BODY_VIEWS:
        slices = image.slices(view)
        assert slices.dtype == np.int16
        assert slices[1].flags.c_contiguous
        assert not slices.flags.writeable
        assert image.slices(view) is slices


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_values_are_of_the_files_type(open_cache, write_nifti, data_file, dtype):
    path = write_nifti((np.random.default_rng(0).random((4, 3, 5)) * 255).astype(dtype))
    image = open_cache().image(data_file(path), ("coronal",))
    assert image.slices("coronal").dtype == dtype
    assert image.slices("coronal")[2, 1, 0] == closest_canonical(path)[0, 2, 1]


def test_slices_follow_the_working_grid(open_cache, write_nifti, data_file, noise):
    path = write_nifti(noise)  # its z runs along the first axis of the file, 1.5 mm apart
    image = open_cache(0.5).image(data_file(path), BODY_VIEWS)
    worked = WorkingGrid(0.5).image(closest_canonical(path), Grid.of(path))
    assert worked.shape[2] == 16
    assert_slices(image.slices, worked)
    assert image.statistics == Statistics.of(noise), "of the file, not of what was resampled"
    plain = open_cache().image(data_file(path), BODY_VIEWS)
    assert_slices(plain.slices, closest_canonical(path))


def test_a_volume_is_read_once(open_cache, write_nifti, data_file, noise):
    path = write_nifti(noise)
    file = data_file(path)
    first = open_cache().image(file, BODY_VIEWS)
    path.unlink()
    again = open_cache().image(file, BODY_VIEWS)
    assert again.grid == first.grid
    assert again.statistics == first.statistics
    for view in BODY_VIEWS:
        assert np.array_equal(again.slices(view), first.slices(view))


def test_views_are_added_when_they_are_asked_for(open_cache, write_nifti, data_file, noise):
    path = write_nifti(noise)
    file = data_file(path)
    image = open_cache().image(file, ("axial",))
    with pytest.raises(ValueError, match=r"opened with, \['axial'\], got 'coronal'"):
        image.slices("coronal")
    assert len(files_of(open_cache()._folder)) == 2
    assert_slices(open_cache().image(file, BODY_VIEWS).slices, closest_canonical(path))


def test_a_changed_file_is_another_volume(open_cache, write_nifti, data_file, noise):
    path = write_nifti(noise)
    old = data_file(path)
    cache = open_cache()
    cache.image(old, BODY_VIEWS)
    path = write_nifti(noise + np.int16(1))
    assert_slices(cache.image(data_file(path), BODY_VIEWS).slices, closest_canonical(path))


def test_nothing_is_kept_under_another_files_digest(open_cache, write_nifti, data_file, noise):
    old = data_file(write_nifti(noise))
    write_nifti(noise + np.int16(1))
    with pytest.raises(ValueError, match=r"a\.nii\.gz: expected the content with SHA-256 .*start"):
        open_cache().image(old, BODY_VIEWS)
    assert not files_of(open_cache()._folder)
    write_nifti(noise)
    assert open_cache().image(old, BODY_VIEWS).statistics == Statistics.of(noise)


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def change_a_number(path):
    sealed = json.loads(path.read_text())
    sealed["facts"]["statistics"][0] += 1
    path.write_text(json.dumps(sealed))


DAMAGES = {
    "voxels changed": (".bin", flip_a_bit),
    "voxels cut off": (".bin", lambda path: path.write_bytes(path.read_bytes()[:-5])),
    "voxels emptied": (".bin", lambda path: path.write_bytes(b"")),
    "voxels gone": (".bin", Path.unlink),
    "description cut off": (".json", lambda path: path.write_text(path.read_text()[:-9])),
    "description of something else": (".json", lambda path: path.write_text("[]")),
    "number changed": (".json", change_a_number),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_built_anew(open_cache, write_nifti, data_file, noise, damage, caplog):
    path = write_nifti(noise)
    open_cache().image(data_file(path), BODY_VIEWS)
    before = {path: path.read_bytes() for path in files_of(open_cache()._folder)}
    suffix, break_it = DAMAGES[damage]
    victim = next(path for path in before if path.name == f"coronal{suffix}")
    break_it(victim)
    with caplog.at_level(logging.WARNING):
        image = open_cache().image(data_file(path), BODY_VIEWS)
    (warning,) = [record.getMessage() for record in caplog.records]
    assert str(victim.with_suffix(".bin")) in warning
    assert "built anew" in warning
    assert_slices(image.slices, closest_canonical(path))
    assert {path: path.read_bytes() for path in files_of(open_cache()._folder)} == before


def test_a_builder_that_died_between_both_files_leaves_no_trace(
    open_cache, write_nifti, data_file, noise, caplog
):
    path = write_nifti(noise)
    open_cache().image(data_file(path), BODY_VIEWS)
    for file in files_of(open_cache()._folder):
        if file.suffix == ".json":
            file.unlink()
        else:
            file.write_bytes(b"left over")
    assert_slices(open_cache().image(data_file(path), BODY_VIEWS).slices, closest_canonical(path))
    assert not caplog.records


def test_whole_entries_are_looked_at_once_in_a_process(open_cache, write_nifti, data_file, noise):
    path = write_nifti(noise)
    file = data_file(path)
    cache = open_cache()
    cache.image(file, BODY_VIEWS)
    path.unlink()
    for entry in files_of(cache._folder):
        if entry.suffix == ".json":
            entry.unlink()
    image = cache.image(file, BODY_VIEWS)
    assert_slices(image.slices, image.grid.to_canonical(noise))


def _build(folder, file, barrier, results):
    barrier.wait()
    image = VolumeCache(folder, WorkingGrid(0.5)).image(file, BODY_VIEWS)
    results.put([image.slices(view).tobytes() for view in BODY_VIEWS])


def test_many_processes_may_build_one_entry(tmp_path, write_nifti, data_file):
    voxels = np.random.default_rng(0).integers(-1000, 1000, (40, 50, 30), np.int16)
    file = data_file(write_nifti(voxels))
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(4), context.Queue()
    arguments = (tmp_path / "cache", file, barrier, results)
    workers = [context.Process(target=_build, args=arguments) for _ in range(4)]
    for worker in workers:
        worker.start()
    found = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    alone = VolumeCache(tmp_path / "alone", WorkingGrid(0.5)).image(file, BODY_VIEWS)
    assert found == [[alone.slices(view).tobytes() for view in BODY_VIEWS]] * 4
    names = [path.relative_to(tmp_path / "cache") for path in files_of(tmp_path / "cache")]
    assert names == [path.relative_to(tmp_path / "alone") for path in files_of(tmp_path / "alone")]


def test_no_voxels_travel_between_processes(open_cache, write_nifti, data_file):
    voxels = np.random.default_rng(0).integers(0, 9, (60, 50, 40), np.uint8)
    path = write_nifti(voxels)
    image = open_cache().image(data_file(path), BODY_VIEWS)
    labels = open_cache().labels("key", image.grid, lambda: voxels, BODY_VIEWS)
    for opened in (image, labels):
        slices = opened.slices("axial")
        parcel = pickle.dumps(opened)
        assert len(parcel) < voxels.size / 2
        assert np.array_equal(pickle.loads(parcel).slices("axial"), slices)  # noqa: S301


@pytest.mark.parametrize("views", [(), ("axial", "frontal")])
def test_other_views_are_refused(open_cache, write_nifti, data_file, noise, views):
    file = data_file(write_nifti(noise))
    with pytest.raises(ValueError, match="views: expected some of"):
        open_cache().image(file, views)


LABELS = np.random.default_rng(1).choice(np.array([0, 1, 2, 255], np.uint8), (6, 5, 4))


def test_labels_lie_on_their_image(open_cache, write_nifti, data_file, noise):
    """The same voxels are found at the same index of the same slice."""
    path = write_nifti(noise)
    for spacing in (None, 0.5, 4.0):
        cache = open_cache(spacing)
        image = cache.image(data_file(path), BODY_VIEWS)
        labels = cache.labels("labels", image.grid, lambda: LABELS, BODY_VIEWS)
        worked = WorkingGrid(spacing).labels(image.grid.to_canonical(LABELS), image.grid)
        assert_slices(labels.slices, worked)
        assert all(labels.slices(view).shape == image.slices(view).shape for view in BODY_VIEWS)


def test_foreground_is_counted_slice_by_slice(open_cache, write_nifti, noise):
    grid = Grid.of(write_nifti(noise))
    labels = open_cache().labels("key", grid, lambda: LABELS, BODY_VIEWS)
    for view in BODY_VIEWS:
        expected = [sum(value in (1, 2) for value in plane.flat) for plane in labels.slices(view)]
        assert labels.foreground(view).tolist() == expected
    other = open_cache().labels("key", grid, lambda: LABELS, BODY_VIEWS, ignore=2)
    expected = [sum(value in (1, 255) for value in plane.flat) for plane in other.slices("axial")]
    assert other.foreground("axial").tolist() == expected


def test_labels_are_found_by_their_key(open_cache, write_nifti, noise):
    grid = Grid.of(write_nifti(noise))
    first = open_cache().labels("one", grid, lambda: LABELS, BODY_VIEWS)

    def read():
        raise AssertionError("read again")

    again = open_cache().labels("one", grid, read, BODY_VIEWS)
    assert np.array_equal(again.slices("axial"), first.slices("axial"))
    assert np.array_equal(again.foreground("axial"), first.foreground("axial"))
    other = open_cache().labels("two", grid, lambda: 0 * LABELS, BODY_VIEWS)
    assert not other.slices("axial").any()


def test_labels_of_another_shape_are_refused(open_cache, write_nifti, noise):
    grid = Grid.of(write_nifti(noise))
    with pytest.raises(ValueError, match=r"native grid \(6, 5, 4\), got shape \(5, 5, 4\)"):
        open_cache().labels("key", grid, lambda: LABELS[1:], BODY_VIEWS)


def test_a_real_scan_and_its_labels(open_cache, real_data, data_file):
    path = real_data / "ct_sample/example_ct_sm.nii.gz"
    cache = open_cache()
    image = cache.image(data_file(path), BODY_VIEWS)
    canonical = closest_canonical(path)
    organs = np.asarray(nibabel.load(real_data / "ct_sample/example_seg.nii.gz").dataobj)
    labels = cache.labels("organs", image.grid, lambda: (organs == 7).astype(np.uint8), BODY_VIEWS)
    assert np.array_equal(image.slices("axial")[17], canonical[:, :, 17].T)
    assert np.array_equal(image.slices("coronal")[50], canonical[:, 50, :].T)
    assert np.array_equal(image.slices("sagittal")[60], canonical[60].T)
    for view in BODY_VIEWS:
        assert labels.foreground(view).sum() == (organs == 7).sum()
        inside = image.slices(view)[labels.slices(view) == 1]
        assert inside.mean() == pytest.approx(canonical[organs == 7].mean())
