"""Masks survive the way through a file, and wrong files are named."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.media.pictures.masks import (
    read_confidence,
    read_indices,
    read_truth,
    write_confidence,
    write_mask,
)

SPACE = LabelSpace("three", ("a", "b", "c"), ((10, 20, 30), (200, 0, 0), (0, 200, 0)))
LABELS = np.array([[0, 1, 2, 255], [2, 1, 0, 0]], np.uint8)


def test_class_numbers_come_back(tmp_path):
    path = tmp_path / "sequence" / "frame.png"
    write_mask(path, LABELS, SPACE)
    assert np.array_equal(read_indices(path), LABELS)
    assert read_indices(path).dtype == np.uint8


def test_people_see_the_palette(tmp_path):
    write_mask(tmp_path / "a.png", LABELS, SPACE)
    colours = np.asarray(Image.open(tmp_path / "a.png").convert("RGB"))
    assert colours[0].tolist() == [[10, 20, 30], [200, 0, 0], [0, 200, 0], [0, 0, 0]]


def test_equal_arrays_become_equal_bytes(tmp_path):
    write_mask(tmp_path / "a.png", LABELS, SPACE)
    write_mask(tmp_path / "b.png", np.asfortranarray(LABELS), SPACE)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_writing_leaves_nothing_else(tmp_path):
    write_mask(tmp_path / "a.png", LABELS, SPACE)
    write_mask(tmp_path / "a.png", LABELS[:1], SPACE)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert read_indices(tmp_path / "a.png").shape == (1, 4)


@pytest.mark.parametrize("labels", [LABELS.astype(np.int64), LABELS[None]])
def test_other_arrays_are_not_written(tmp_path, labels):
    with pytest.raises(ValueError, match=r"a\.png: expected a uint8 array \(H, W\)"):
        write_mask(tmp_path / "a.png", labels, SPACE)


def test_confidence_is_kept_to_the_nearest_level(tmp_path):
    confidence = np.linspace(0, 1, 1000, dtype=np.float32).reshape(10, 100)
    write_confidence(tmp_path / "a.png", confidence)
    levels = read_confidence(tmp_path / "a.png")
    assert levels.dtype == np.uint8
    assert np.abs(levels / 255 - confidence).max() <= 0.5 / 255 + 1e-6
    assert (levels.flat[0], levels.flat[-1]) == (0, 255)


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_what_is_no_probability_is_not_written(tmp_path, value):
    with pytest.raises(ValueError, match=r"a\.png: expected confidences in \[0, 1\]"):
        write_confidence(tmp_path / "a.png", np.full((2, 2), value, np.float32))


@pytest.mark.parametrize("mode", ["L", "P", "1"])
def test_grey_palette_and_binary_files_are_read_by_number(tmp_path, mode):
    picture = Image.new(mode, (2, 1))
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "a.png")
    assert read_indices(tmp_path / "a.png").tolist() == [[0, 1]]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "I;16"])
def test_files_of_colours_or_more_bits_are_refused(tmp_path, mode):
    Image.new(mode, (2, 1)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=rf"a\.png: expected one channel .* got mode {mode}"):
        read_indices(tmp_path / "a.png")


def test_a_damaged_file_is_named(tmp_path):
    write_mask(tmp_path / "a.png", np.tile(LABELS, (50, 50)), SPACE)
    whole = (tmp_path / "a.png").read_bytes()
    for damaged in (b"", b"no image", whole[: len(whole) // 2]):
        (tmp_path / "a.png").write_bytes(damaged)
        with pytest.raises(ValueError, match=r"a\.png: not a readable image"):
            read_indices(tmp_path / "a.png")
    with pytest.raises(FileNotFoundError, match=r"b\.png"):
        read_indices(tmp_path / "b.png")


def test_truth_is_read_through_the_table(tmp_path):
    values = LabelValues(SPACE, ((7, 0), (8, 2), (0, 255)))
    Image.fromarray(np.array([[7, 8, 0]], np.uint8)).save(tmp_path / "a.png")
    assert read_truth(tmp_path / "a.png", values).tolist() == [[0, 2, 255]]


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        ([0, 1, 9], r"a\.png: holds the values \[9\].*'three'.*allowed are 0-2, 11$"),
        ([0, 255], r"holds the values \[255\].*black and white mask"),
        ([0, 1, 255], r"holds the values \[255\].*set it as the ignore value"),
    ],
)
def test_a_value_that_is_not_listed_is_an_error(tmp_path, pixels, message):
    space = LabelSpace("three", SPACE.classes, SPACE.palette, ignore=11)
    Image.fromarray(np.array([pixels], np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=message):
        read_truth(tmp_path / "a.png", LabelValues.identity(space))


def test_real_palette_files_hold_numbers_of_their_space():
    if "SSL_SEG_DATA" not in os.environ:
        pytest.skip("SSL_SEG_DATA does not name the folder of real data")
    folder = Path(os.environ["SSL_SEG_DATA"], "mapillary_sample/validation/v1.2/labels")
    names = tuple(f"class {number}" for number in range(66))
    space = LabelSpace("mapillary", names, ((0, 0, 0),) * 66)
    labels = read_truth(min(folder.glob("*.png")), LabelValues.identity(space))
    assert labels.ndim == 2
    assert len(np.unique(labels)) > 5
