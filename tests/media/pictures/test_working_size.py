"""Pictures and labels follow one rule of size, and large JPEGs are read by it."""

from __future__ import annotations

import io
import os
import tracemalloc
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from ssl_seg.media.pictures.masks import read_indices
from ssl_seg.media.pictures.working_size import WorkingSize

sides = st.integers(1, 9000)
limits = st.integers(1, 5000)
small_sides = st.integers(1, 250)
small_limits = st.integers(1, 250)

ORIENTATIONS = range(1, 9)


@pytest.fixture(scope="module")
def street_files():
    """Pairs of genuine pictures and label files of several megapixels."""
    root = os.environ.get("SSL_SEG_DATA")
    if not root:
        pytest.skip("SSL_SEG_DATA does not name the folder of real data")
    folder = Path(root, "mapillary_sample/validation")
    images = sorted((folder / "images").glob("*.jpg"))
    assert images
    return [(image, folder / "v1.2/labels" / f"{image.stem}.png") for image in images]


def smooth(height, width):
    """A picture without detail, which every way to shrink it leaves about the same."""
    y, x = np.mgrid[0:height, 0:width]
    channels = (255 * x / width, 255 * y / height, 255 * (x + y) / (height + width))
    return np.stack(channels, axis=-1).astype(np.uint8)


def write_jpeg(path, pixels, orientation=1, **options):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, "JPEG", quality=95, exif=exif, **options)
    return path


def read_whole(path, size):
    """What is to be seen at a size, decoded by Pillow."""
    with Image.open(path) as picture:
        upright = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))[..., ::-1]
    return cv2.resize(np.ascontiguousarray(upright), size[::-1], interpolation=cv2.INTER_AREA)


def difference(one, other):
    return np.abs(one.astype(float) - other).mean()


@given(sides, sides, limits)
def test_the_longer_side_becomes_max_side_and_the_aspect_is_kept(height, width, limit):
    size = WorkingSize(limit).of(height, width)
    longer = max(height, width)
    if longer <= limit:
        assert size == (height, width)
    else:
        assert max(size) == limit
        for side, original in zip(size, (height, width), strict=True):
            exact = Fraction(original * limit, longer)
            assert side == 1 or abs(side - exact) <= Fraction(1, 2)
            assert 1 <= side <= original


@given(sides, sides, limits)
def test_a_turned_picture_has_the_turned_size(height, width, limit):
    size = WorkingSize(limit)
    assert size.of(width, height) == size.of(height, width)[::-1]


@given(sides, sides, limits)
def test_shrinking_again_changes_nothing(height, width, limit):
    size = WorkingSize(limit)
    once = size.of(height, width)
    assert size.of(*once) == once


@given(sides, sides)
def test_without_max_side_every_size_is_original(height, width):
    assert WorkingSize(None).of(height, width) == (height, width)


@pytest.mark.parametrize("value", [0, -1, 2048.0, "2048", True])
def test_what_is_no_number_of_pixels_is_refused(value):
    with pytest.raises(ValueError, match=r"max_side: expected .* at least 1, or None .*, got "):
        WorkingSize(value)


@pytest.mark.parametrize("limit", [None, 30, 31])
def test_what_fits_stays_as_it_is(limit):
    pixels, labels = smooth(20, 30), smooth(20, 30)[..., 0]
    assert WorkingSize(limit).picture(pixels) is pixels
    assert WorkingSize(limit).labels(labels) is labels


@given(small_sides, small_sides, small_limits)
def test_labels_are_those_nearest_to_the_centres(height, width, limit):
    size = WorkingSize(limit)
    rows, columns = np.indices((height, width), dtype=np.uint8)
    for numbers, axis in ((rows, 0), (columns, 1)):
        shrunk = size.labels(np.ascontiguousarray(numbers))
        assert shrunk.shape == size.of(height, width)
        assert shrunk.dtype == np.uint8
        scale = numbers.shape[axis] / shrunk.shape[axis]
        centres = (np.indices(shrunk.shape)[axis] + 0.5) * scale - 0.5
        # OpenCV counts in 1/65536 pixels.
        assert np.abs(shrunk - centres).max() <= 0.5 + 0.01


@given(small_sides, small_sides, small_limits, st.integers(0, 2**32 - 1))
def test_labels_stay_where_the_picture_shows_them(height, width, limit, seed):
    """Wherever a pixel of the shrunk picture shows one class only, its label is that class."""
    size = WorkingSize(limit)
    coarse = np.random.default_rng(seed).integers(0, 2, (4, 4), np.uint8)
    labels = np.kron(coarse, np.ones((63, 63), np.uint8))[:height, :width].copy()
    shown, shrunk = size.picture(255 * labels), size.labels(labels)
    assert shown.shape == shrunk.shape
    assert np.all(shrunk[shown == 0] == 0)
    assert np.all(shrunk[shown == 255] == 1)


@pytest.mark.parametrize("channels", [(), (3,)])
def test_pixels_of_a_shrunk_picture_are_means(channels):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 20, *channels), np.uint8)
    means = pixels.reshape(3, 4, 5, 4, *channels).mean(axis=(1, 3))
    assert np.abs(WorkingSize(5).picture(pixels) - means).max() <= 0.5


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("shape", [(304, 200), (200, 304), (304, 296)])
@pytest.mark.parametrize("limit", [152, 150, 76, 37, 20])
def test_a_large_jpeg_is_read_upright_at_its_working_size(tmp_path, shape, orientation, limit):
    path = write_jpeg(tmp_path / "a.jpg", smooth(*shape), orientation)
    upright = shape[::-1] if orientation > 4 else shape
    size = WorkingSize(limit).of(*upright)
    read = WorkingSize(limit).decode_jpeg(path.read_bytes())
    assert read.shape == (*size, 3)
    assert read.dtype == np.uint8
    assert difference(read, read_whole(path, size)) < 1


@pytest.mark.parametrize("shape", [(296, 209), (302, 204), (300, 204), (301, 200)])
@pytest.mark.parametrize("limit", [100, 37, 20])
def test_a_large_jpeg_is_never_stretched(tmp_path, shape, limit):
    """Its last column and row show what they show of the whole one, whatever divides its sides."""
    path = write_jpeg(tmp_path / "a.jpg", smooth(*shape))
    read = WorkingSize(limit).decode_jpeg(path.read_bytes())
    if shape[0] % 2 or shape[1] % 2:
        assert read is None
    else:
        whole = read_whole(path, WorkingSize(limit).of(*shape))
        assert difference(read[-1], whole[-1]) < 1.5
        assert difference(read[:, -1], whole[:, -1]) < 1.5


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}])
def test_kinds_of_jpeg_make_no_difference(tmp_path, options):
    path = write_jpeg(tmp_path / "a.jpg", smooth(200, 320), **options)
    assert (
        difference(WorkingSize(40).decode_jpeg(path.read_bytes()), read_whole(path, (25, 40))) < 1
    )


def test_a_grey_jpeg_is_read_as_colours(tmp_path):
    path = write_jpeg(tmp_path / "a.jpg", smooth(200, 320)[..., 0])
    assert (
        difference(WorkingSize(40).decode_jpeg(path.read_bytes()), read_whole(path, (25, 40))) < 1
    )


def test_a_large_jpeg_is_never_in_memory_as_a_whole(tmp_path):
    path = write_jpeg(tmp_path / "a.jpg", smooth(2000, 3000))
    tracemalloc.start()
    WorkingSize(700).decode_jpeg(path.read_bytes())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * 2000 * 3000 / 4


def test_what_needs_all_its_pixels_is_left_to_others(tmp_path):
    jpeg = write_jpeg(tmp_path / "a.jpg", smooth(20, 30))
    Image.fromarray(smooth(20, 30)).save(tmp_path / "a.png")
    (tmp_path / "empty").touch()
    assert WorkingSize(15).decode_jpeg(jpeg.read_bytes()) is not None
    assert WorkingSize(16).decode_jpeg(jpeg.read_bytes()) is None
    assert WorkingSize(30).decode_jpeg(jpeg.read_bytes()) is None
    assert WorkingSize(None).decode_jpeg(jpeg.read_bytes()) is None
    assert WorkingSize(15).decode_jpeg((tmp_path / "a.png").read_bytes()) is None
    assert WorkingSize(15).decode_jpeg((tmp_path / "empty").read_bytes()) is None


def test_a_jpeg_that_opencv_cannot_decode_is_left_to_others(tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(smooth(200, 300)).save(buffer, "JPEG")
    lossless = buffer.getvalue().replace(b"\xff\xc0", b"\xff\xc3", 1)
    (tmp_path / "a.jpg").write_bytes(lossless)
    assert WorkingSize(20).decode_jpeg((tmp_path / "a.jpg").read_bytes()) is None


@pytest.mark.parametrize("limit", [1700, 1024])
def test_real_pictures_look_as_if_decoded_whole(street_files, limit):
    size = WorkingSize(limit)
    read = 0
    for image, _ in street_files:
        with Image.open(image) as picture:
            width, height = picture.size
        pixels = size.decode_jpeg(image.read_bytes())
        assert (pixels is None) == (max(width, height) < 2 * limit)
        if pixels is not None:
            read += 1
            assert pixels.shape == (*size.of(height, width), 3)
            assert difference(pixels, read_whole(image, pixels.shape[:2])) < 2
    assert read


@pytest.mark.parametrize("limit", [2048, 1024])
def test_real_labels_keep_their_values(street_files, limit):
    size = WorkingSize(limit)
    for _, file in street_files:
        labels = read_indices(file)
        shrunk = size.labels(labels)
        assert shrunk.shape == size.of(*labels.shape)
        assert max(shrunk.shape) == limit
        shares = [np.bincount(kind.ravel(), minlength=66) / kind.size for kind in (labels, shrunk)]
        assert not shares[1][shares[0] == 0].any()
        assert np.abs(shares[0] - shares[1]).max() < 1e-3
