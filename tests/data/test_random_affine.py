"""Pictures and masks are turned, scaled and shifted together, each resampled once."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ssl_seg.data.random_affine import RandomAffine
from ssl_seg.data.training_set import seed_generators
from ssl_seg.registry import TRANSFORMS

HEIGHT, WIDTH = 60, 80
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
PLACES = np.dstack([COLUMNS, ROWS, np.ones_like(ROWS)])
"""Each pixel's own place, which bilinear resampling keeps, and how much of it lies inside."""


def moved(transform, pixels, mask):
    results = {"img": pixels.copy(), "gt_seg_map": mask.copy(), "seg_fields": ["gt_seg_map"]}
    results = transform.transform(results)
    return results["img"], results["gt_seg_map"]


def fitted(places, inside):
    """Return A and b with old = A new + b, and the largest error."""
    new = np.column_stack([COLUMNS[inside], ROWS[inside], np.ones(inside.sum())])
    solution, *_ = np.linalg.lstsq(new, places[inside], rcond=None)
    return solution[:2].T, solution[2], np.abs(new @ solution - places[inside]).max()


@pytest.mark.parametrize("seed", range(6))
def test_turn_scale_and_shift_lie_in_their_ranges(seed):
    seed_generators(seed)
    transform = RandomAffine(degree=20, scale=(0.8, 1.25), shift=0.1)
    places, mask = moved(transform, PLACES, np.zeros((HEIGHT, WIDTH), np.uint8))
    inside = places[..., 2] == 1
    matrix, offset, error = fitted(places[..., :2], inside)
    assert error < 0.05
    factor = math.sqrt(np.linalg.det(matrix))
    assert 0.8 <= 1 / factor <= 1.25
    assert np.allclose(matrix / factor @ matrix.T / factor, np.eye(2), atol=1e-3)
    assert 0.1 < abs(math.degrees(math.atan2(matrix[0, 1], matrix[0, 0]))) <= 20.1
    centre = np.array([WIDTH - 1, HEIGHT - 1]) / 2
    shift = centre - np.linalg.solve(matrix, centre - offset)
    assert (np.abs(shift) <= (0.1 * WIDTH + 0.1, 0.1 * HEIGHT + 0.1)).all()
    assert (mask[inside] == 0).all()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("slices", [None, 1, 3])
def test_masks_follow_the_picture_and_are_ignored_outside(seed, slices):
    seed_generators(seed)
    old = ((COLUMNS // 8 + ROWS // 8) % 3).astype(np.uint8)
    mask = old if slices is None else np.dstack([old] * slices)
    transform = RandomAffine(degree=180, scale=(0.6, 1.6), shift=0.3)
    places, new = moved(transform, PLACES, mask)
    assert new.shape == mask.shape
    assert new.dtype == np.uint8
    new = new.reshape(HEIGHT, WIDTH, -1)
    inside = places[..., 2] == 1
    found = places[inside][:, :2]
    nearest = np.rint(found).astype(int)
    # Half-way between two pixels the nearest one is a matter of rounding.
    clear = (np.abs(found % 1 - 0.5) > 0.05).all(axis=1)
    expected = old[nearest[:, 1], nearest[:, 0]]
    assert clear.mean() > 0.5
    assert (new[inside][clear] == expected[clear, None]).all()
    outside = places[..., 2] == 0
    assert outside.any()
    assert (new[outside] == 255).all()


@pytest.mark.parametrize("channels", [0, 1, 3, 7])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_quarter_turns_are_exact(channels, kind, turns):
    shape = (33, 33, channels) if channels else (33, 33)
    pixels = np.random.default_rng(0).integers(0, 255, shape).astype(kind)
    mask = np.random.default_rng(1).integers(0, 4, (33, 33, 3), np.uint8)
    transform = RandomAffine(degree=(90 * turns, 90 * turns))
    picture, turned = moved(transform, pixels, mask)
    assert picture.dtype == kind
    assert picture.shape == shape
    assert np.allclose(picture, np.rot90(pixels, turns), atol=1e-3)
    assert np.array_equal(turned, np.rot90(mask, turns))


def test_all_channels_are_padded_alike():
    seed_generators(0)
    pixels = np.zeros((20, 20, 7), np.float32)
    mask = np.zeros((20, 20, 5), np.uint8)
    picture, turned = moved(RandomAffine(degree=(45, 45), pad_val=3, seg_pad_val=7), pixels, mask)
    assert (picture[0, 0] == 3).all()
    assert (turned[0, 0] == 7).all()


def test_it_is_done_as_often_as_asked():
    seed_generators(0)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    transform = RandomAffine(degree=(10, 20), prob=0.3)
    done = [not np.array_equal(moved(transform, PLACES, mask)[0], PLACES) for _ in range(300)]
    assert 0.2 < np.mean(done) < 0.4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"degree": (20, -20)}, r"degree: expected \(least, largest\)"),
        ({"degree": "20"}, r"degree: expected \(least, largest\)"),
        ({"scale": (0, 1)}, r"scale: expected \(least, largest\) with both in \[0.01, 100\]"),
        ({"shift": -0.1}, r"shift: expected a number in \[0, 1\], got -0.1"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        TRANSFORMS.build({"type": "RandomAffine", **settings})
