"""Pipelines see a slice with its neighbours, its labels beside it, packed as models take them."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from mmcv.transforms import Compose

from ssl_seg.core.case import DataFile
from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.data.slice_transforms import LoadSliceLabels, LoadSlices, PackSegInputs
from ssl_seg.media.volumes.cache import VolumeCache
from ssl_seg.media.volumes.working_grid import WorkingGrid
from ssl_seg.registry import TRANSFORMS

LABELS = np.random.default_rng(1).integers(0, 3, (6, 5, 4), np.uint8)


@pytest.fixture
def sample(tmp_path, draw_volume):
    """Return a function that makes a sample of a slice."""
    cache = VolumeCache(tmp_path / "cache", WorkingGrid())
    path = draw_volume("a.nii.gz")
    file = DataFile(str(path), sha256(path.read_bytes()).hexdigest())
    image = cache.image(file, BODY_VIEWS)
    labels = cache.labels("labels", image.grid, lambda: LABELS, BODY_VIEWS)

    def make(view="axial", index=2):
        return {
            "volume": image,
            "volume_labels": labels,
            "view": view,
            "slice": index,
            "img_path": f"{path}[{view} {index}]",
            "reduce_zero_label": False,
            "seg_fields": [],
        }

    return make


@pytest.mark.parametrize("view", BODY_VIEWS)
@pytest.mark.parametrize("number", [1, 3, 5])
def test_neighbours_are_channels_and_ends_are_repeated(sample, view, number):
    volume = sample()["volume"]
    slices = volume.slices(view)
    loader = LoadSlices(number, window=(-100, 240))
    for index in range(len(slices)):
        results = loader.transform(sample(view, index))
        assert results["img"].dtype == np.float32
        assert results["img"].shape == (*slices.shape[1:], number)
        assert results["img_shape"] == results["ori_shape"] == slices.shape[1:]
        for channel in range(number):
            wanted = min(max(index + channel - number // 2, 0), len(slices) - 1)
            expected = (np.clip(slices[wanted].astype(float), -100, 240) + 100) / 340
            assert np.allclose(results["img"][..., channel], expected, atol=1e-6)


@pytest.mark.parametrize("view", BODY_VIEWS)
def test_labels_are_of_the_same_slices(sample, view):
    slices = sample()["volume_labels"].slices(view)
    for index in range(len(slices)):
        one = LoadSliceLabels().transform(sample(view, index))
        assert np.array_equal(one["gt_seg_map"], slices[index])
        assert one["seg_fields"] == ["gt_seg_map"]
        three = LoadSliceLabels(slices=3).transform(sample(view, index))["gt_seg_map"]
        assert three.dtype == np.uint8
        expected = [
            slices[max(index - 1, 0)],
            slices[index],
            slices[min(index + 1, len(slices) - 1)],
        ]
        assert np.array_equal(three, np.stack(expected, axis=-1))


def test_what_is_loaded_may_be_changed(sample):
    """Later transforms write in place; the cache must not see it."""
    before = sample()["volume_labels"].slices("axial").copy()
    results = LoadSlices(zscore=True).transform(sample())
    results = LoadSliceLabels().transform(results)
    results["img"][:] = 0
    results["gt_seg_map"][:] = 0
    assert np.array_equal(sample()["volume_labels"].slices("axial"), before)
    assert LoadSlices(zscore=True).transform(sample())["img"].any()


@pytest.mark.parametrize("number", [0, 2, -1, 1.0, True, "3"])
def test_the_number_of_slices_is_odd(number):
    with pytest.raises(ValueError, match="slices: expected an odd number of slices"):
        LoadSlices(number, zscore=True)
    with pytest.raises(ValueError, match="slices: expected an odd number of slices"):
        LoadSliceLabels(number)


@pytest.mark.parametrize("index", [-1, 6])
def test_a_slice_that_is_not_there_is_an_error(sample, index):
    for loader in (LoadSlices(zscore=True), LoadSliceLabels()):
        with pytest.raises(ValueError, match=rf"slice: expected an index in \[0, .*got {index}"):
            loader.transform(sample("axial", index))


def test_an_unknown_view_is_an_error(sample):
    for loader in (LoadSlices(zscore=True), LoadSliceLabels()):
        with pytest.raises(ValueError, match=r"expected one of the views .* got 'frontal'"):
            loader.transform(sample("frontal"))


def test_a_volume_that_a_rule_does_not_suit_is_named(sample, tmp_path, write_nifti, data_file):
    voxels = np.zeros((10, 10, 10), np.int16)
    voxels[0, 0, 0] = 1
    file = data_file(write_nifti(voxels, name="flat.nii.gz"))
    flat = VolumeCache(tmp_path / "cache", WorkingGrid()).image(file, BODY_VIEWS)
    with pytest.raises(ValueError, match=r"flat\.nii\.gz: the percentiles 1 and 99"):
        LoadSlices(percentiles=(1, 99)).transform({**sample(), "volume": flat})


PIPELINE = [
    {"type": "LoadSlices", "window": (-100, 240)},
    {"type": "LoadSliceLabels", "slices": 3},
    {"type": "RandomFlip", "prob": 1.0},
    {"type": "PackSegInputs"},
]


def test_labels_of_several_slices_are_packed_like_the_image(sample):
    results = Compose([TRANSFORMS.build(dict(step)) for step in PIPELINE])(sample())
    truth = results["data_samples"].gt_sem_seg
    plain = LoadSlices(window=(-100, 240)).transform(sample())["img"]
    labels = sample()["volume_labels"].slices("axial")[1:4]
    assert results["inputs"].shape == truth.data.shape == (3, *labels.shape[1:])
    assert truth.shape == labels.shape[1:]
    assert np.array_equal(results["inputs"], plain[:, ::-1].transpose(2, 0, 1))
    assert np.array_equal(truth.data, labels[:, :, ::-1])
    assert results["data_samples"].img_path.endswith("a.nii.gz[axial 2]")
    assert results["data_samples"].flip


def test_labels_of_one_slice_are_packed_as_by_mmsegmentation(sample):
    from mmseg.datasets.transforms import PackSegInputs as Theirs

    steps = [LoadSlices(zscore=True), LoadSliceLabels()]
    ours, theirs = (Compose([*steps, pack])(sample()) for pack in (PackSegInputs(), Theirs()))
    assert np.array_equal(ours["inputs"], theirs["inputs"])
    assert ours["data_samples"].metainfo == theirs["data_samples"].metainfo
    packed = [each["data_samples"].gt_sem_seg.data for each in (ours, theirs)]
    assert np.array_equal(*packed)
    assert packed[0].dtype == packed[1].dtype
    assert packed[0].shape[0] == 1


def test_a_test_sample_has_no_labels(sample):
    results = sample()
    del results["volume_labels"]
    packed = Compose([LoadSlices(zscore=True), PackSegInputs()])(results)
    assert "gt_sem_seg" not in packed["data_samples"]


def test_ours_stands_under_mmsegmentations_name():
    assert isinstance(TRANSFORMS.build({"type": "PackSegInputs"}), PackSegInputs)
    packed = TRANSFORMS.build({"type": "PackSegInputs", "meta_keys": ("img_path",)})
    assert packed.meta_keys == ("img_path",)


def test_real_volumes_run_through_a_pipeline(tmp_path, real_data, data_file):
    folder = real_data / "Task04_Hippocampus"
    cache = VolumeCache(tmp_path / "cache", WorkingGrid())
    loader = LoadSlices(percentiles=(0.5, 99.5))
    for case in ("001", "003", "037"):
        image = cache.image(data_file(folder / f"imagesTr/hippocampus_{case}.nii.gz"), BODY_VIEWS)
        for view in BODY_VIEWS:
            middle = len(image.slices(view)) // 2
            results = loader.transform({"volume": image, "view": view, "slice": middle})
            assert 0.1 < results["img"].mean() < 0.9
            assert results["img"].std() > 0.1
