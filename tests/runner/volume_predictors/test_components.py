"""Components are those of a flood fill, dropped by the published rule."""

from __future__ import annotations

import numpy as np
import pytest

from ssl_seg.runner.volume_predictors.components import (
    bounding_place,
    large_components,
    large_labels,
)

SHAPE = (7, 6, 8)


def flooded(mask):
    """Return the 6-connected components as sets of voxels."""
    left = set(map(tuple, np.argwhere(mask)))
    components = []
    while left:
        component, front = set(), [left.pop()]
        while front:
            voxel = front.pop()
            component.add(voxel)
            for axis in range(3):
                for step in (-1, 1):
                    near = (*voxel[:axis], voxel[axis] + step, *voxel[axis + 1 :])
                    if near in left:
                        left.remove(near)
                        front.append(near)
        components.append(component)
    return components


def expected(mask, keep):
    kept = np.zeros_like(mask)
    components = flooded(mask)
    if not components or 2 * mask.sum() >= mask.size:
        return mask
    largest = max(map(len, components))
    for component in components:
        if len(component) >= keep * largest:
            kept[tuple(np.array(list(component)).T)] = True
    return kept


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("density", [0.05, 0.15, 0.3, 0.45, 0.6])
def test_components_are_kept_like_by_a_flood_fill(density, keep):
    for seed in range(4):
        mask = np.random.default_rng(seed).random(SHAPE) < density
        assert np.array_equal(large_components(mask, keep), expected(mask, keep))


def test_a_component_of_exactly_half_the_largest_stays():
    mask = np.zeros(SHAPE, bool)
    mask[0, 0, :8] = mask[3, 3, :4] = mask[5, 5, :3] = True
    kept = large_components(mask, 0.5)
    assert kept[3, 3, :4].all()
    assert not kept[5].any()


def test_a_diagonal_neighbour_is_another_component():
    mask = np.zeros(SHAPE, bool)
    mask[1, 1, 1:4] = mask[2, 2, 4] = mask[1, 2, 4] = True
    kept = large_components(mask, 1.0)
    assert kept.sum() == 3
    assert kept[1, 1, 1:4].all()


def test_nothing_and_half_of_the_volume_stay_as_they_are():
    empty = np.zeros(SHAPE, bool)
    assert not large_components(empty, 0.5).any()
    half = np.zeros((4, 4, 4), bool)
    half[:2] = True
    half[1, 3, 3], half[3, 3, 3] = False, True  # 31 voxels and a lone one
    assert np.array_equal(large_components(half, 0.5), half)
    half[3, 3, 3] = False
    half[3, 0, 0] = False
    half[0, 0, 0] = False
    half[3, 1, 1] = True  # 30 voxels and a lone one: less than half
    assert large_components(half, 0.5).sum() == 30


def test_half_is_that_of_the_whole_volume():
    mask = np.ones((2, 3, 4), bool)
    mask[:, 1] = False
    mask[0, 2, 0] = False
    assert np.array_equal(large_components(mask, 1.0), mask)
    kept = large_components(mask, 1.0, voxels=1000)
    assert kept.sum() == 8
    assert kept[:, 0].all()


def test_classes_are_cleaned_one_by_one():
    labels = np.zeros(SHAPE, np.uint8)
    labels[0, 0, :6] = 2
    labels[0, 1, :2] = 1  # small, but the largest of its class, and beside the other class
    labels[4, 4, :2] = 2
    kept = large_labels(labels, keep=0.5)
    assert np.array_equal(kept == 1, labels == 1)
    assert (kept == 2).sum() == 6
    assert not kept[4].any()


def test_the_place_is_the_smallest_box():
    for seed in range(20):
        mask = np.random.default_rng(seed).random(SHAPE) < 0.02
        place = bounding_place(mask)
        voxels = np.argwhere(mask)
        if not len(voxels):
            assert place is None
            continue
        assert [part.start for part in place] == voxels.min(axis=0).tolist()
        assert [part.stop - 1 for part in place] == voxels.max(axis=0).tolist()
    assert bounding_place(np.zeros(SHAPE, bool)) is None
