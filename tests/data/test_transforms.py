"""Pipelines read pictures as mmcv does and labels from anywhere, both at the working size."""

from __future__ import annotations

import cv2
import mmcv.transforms
import numpy as np
import pytest
from PIL import Image

from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.data.transforms import LoadAnnotations, LoadImageFromFile
from ssl_seg.media.pictures.masks import read_truth
from ssl_seg.registry import TRANSFORMS, check_arguments

SPACE = LabelSpace("three", ("a", "b", "c"), ((0, 0, 0), (90, 0, 0), (0, 90, 0)))
ARGUMENTS = [
    {},
    {"to_float32": True},
    {"color_type": "grayscale"},
    {"color_type": "unchanged"},
    {"imdecode_backend": "pillow"},
    {"backend_args": {"backend": "local"}},
    {"ignore_empty": True},
]


@pytest.fixture
def picture(tmp_path):
    """Return a function that writes a picture of coarse noise and returns its path."""

    def write(name, shape=(48, 64), orientation=1):
        height, width = shape
        coarse = np.random.default_rng(0).integers(0, 256, (3, 4, 3), np.uint8)
        pixels = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        exif = Image.Exif()
        exif[0x0112] = orientation
        pixels.save(tmp_path / name, exif=exif)
        return str(tmp_path / name)

    return write


def read(loader, path):
    return loader.transform({"img_path": path, "seg_fields": []})


def test_it_stands_under_the_name_of_mmcvs():
    built = TRANSFORMS.build({"type": "LoadImageFromFile", "max_side": 32})
    assert isinstance(built, LoadImageFromFile)
    check_arguments(LoadImageFromFile, {"color_type": "color", "max_side": 8}, "pipeline[0]")
    with pytest.raises(ValueError, match=r"max_sied.*did you mean 'max_side'"):
        check_arguments(LoadImageFromFile, {"max_sied": 8}, "pipeline[0]")


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
@pytest.mark.parametrize("limit", [None, 64, 2048])
def test_a_picture_that_fits_is_read_by_mmcv(picture, name, limit, arguments):
    path = picture(name, orientation=6 if name == "a.jpg" else 1)
    ours = read(LoadImageFromFile(max_side=limit, **arguments), path)
    theirs = read(mmcv.transforms.LoadImageFromFile(**arguments), path)
    assert ours.keys() == theirs.keys()
    assert np.array_equal(ours.pop("img"), theirs["img"])
    assert ours == {key: value for key, value in theirs.items() if key != "img"}


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
@pytest.mark.parametrize("limit", [48, 32, 10])
def test_a_larger_one_is_the_picture_of_mmcv_shrunk(picture, name, limit, arguments):
    path = picture(name)
    ours = read(LoadImageFromFile(max_side=limit, **arguments), path)
    whole = read(mmcv.transforms.LoadImageFromFile(**arguments), path)["img"]
    height = round(48 * limit / 64)
    expected = cv2.resize(whole, (limit, height), interpolation=cv2.INTER_AREA)
    assert ours["img"].dtype == whole.dtype
    assert ours["img"].shape == expected.shape
    assert np.abs(ours["img"].astype(float) - expected).mean() < 3
    assert ours["img_shape"] == ours["ori_shape"] == (height, limit)


def test_arguments_with_their_default_values_change_nothing(picture):
    path = picture("a.jpg", (480, 640))
    plain = read(LoadImageFromFile(max_side=100), path)["img"]
    stated = read(LoadImageFromFile(False, "color", backend_args=None, max_side=100), path)["img"]
    assert np.array_equal(plain, stated)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("limit", [50, 31, 9])
def test_picture_and_label_have_one_size(picture, tmp_path, orientation, limit):
    """A label file lies upright, while a camera's picture may be turned when it is read."""
    shape = (48, 65)
    path = picture("a.jpg", shape, orientation)
    upright = shape[::-1] if orientation > 4 else shape
    labels = np.random.default_rng(0).integers(0, 3, upright, np.uint8)
    Image.fromarray(labels).save(tmp_path / "label.png")
    results = read(LoadImageFromFile(max_side=limit), path)
    values = LabelValues.identity(SPACE)
    results["read_label"] = lambda: read_truth(tmp_path / "label.png", values)
    LoadAnnotations(max_side=limit).transform(results)
    assert results["seg_fields"] == ["gt_seg_map"]
    assert results["gt_seg_map"].dtype == np.uint8
    assert results["gt_seg_map"].shape == results["img"].shape[:2]
    assert max(results["img_shape"]) == limit


@pytest.mark.parametrize("limit", [None, 8, 2048])
def test_labels_that_are_small_enough_are_not_touched(limit):
    labels = np.random.default_rng(0).integers(0, 3, (6, 8), np.uint8)
    results = {"read_label": lambda: labels, "seg_fields": []}
    assert LoadAnnotations(max_side=limit).transform(results)["gt_seg_map"] is labels


@pytest.mark.parametrize("limit", [None, 32])
def test_a_picture_that_is_not_there_is_mmcvs_matter(tmp_path, limit):
    path = str(tmp_path / "a.jpg")
    with pytest.raises(FileNotFoundError, match=r"a\.jpg"):
        read(LoadImageFromFile(max_side=limit), path)
    assert read(LoadImageFromFile(ignore_empty=True, max_side=limit), path) is None


@pytest.mark.parametrize("limit", [None, 32])
def test_a_picture_that_cannot_be_decoded_is_named(picture, tmp_path, limit):
    path = tmp_path / "a.jpg"
    whole = (tmp_path / picture("a.jpg")).read_bytes()
    path.write_bytes(whole.replace(b"\xff\xc0", b"\xff\xc3", 1))  # lossless, for which none is made
    with pytest.raises(ValueError, match=r"a\.jpg: OpenCV cannot read this picture"):
        read(LoadImageFromFile(max_side=limit), str(path))


@pytest.mark.parametrize("transform", [LoadImageFromFile, LoadAnnotations])
def test_a_wrong_size_is_refused_when_the_pipeline_is_built(transform):
    with pytest.raises(ValueError, match="max_side: expected the longest side"):
        transform(max_side=0)


def test_labels_cannot_be_renumbered_by_the_pipeline():
    with pytest.raises(ValueError, match="reduce_zero_label is set by the data set"):
        LoadAnnotations(reduce_zero_label=True)
