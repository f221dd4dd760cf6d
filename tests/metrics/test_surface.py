"""Surface distances: cases done by hand, an oracle that looks at every pair, and properties."""

from __future__ import annotations

import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ssl_seg.metrics.surface import surface, surface_distances

SPACINGS = [(1.0, 1.0, 1.0), (0.7, 0.9, 2.5), (5.0, 1.3, 0.4)]
shapes = st.sampled_from([(1, 1, 1), (7, 1, 4), (6, 7, 5), (9, 4, 8)])
seeds = st.integers(0, 2**32 - 1)


def voxels(shape, *places):
    mask = np.zeros(shape, bool)
    for place in places:
        mask[place] = True
    return mask


def lump(shape, seed):
    """A random mask that is not empty: sparse, dense, or with an inside."""
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) < rng.choice([0.05, 0.5, 0.95, 1.0])
    mask[tuple(rng.integers(0, shape))] = True
    return mask


def surface_one_by_one(mask):
    """The positions in a mask of which some neighbour along an axis is not in it."""
    found = []
    for place in product(*map(range, mask.shape)):
        steps = [(axis, step) for axis in range(mask.ndim) for step in (-1, 1)]
        neighbours = [tuple(p + s * (a == i) for i, p in enumerate(place)) for a, s in steps]
        inside = [
            all(0 <= p < size for p, size in zip(n, mask.shape, strict=True)) and mask[n]
            for n in neighbours
        ]
        if mask[place] and not all(inside):
            found.append(place)
    return found


def nearest_one_by_one(these, others, spacing):
    """For each position the least distance to any other one, by all pairs."""
    gaps = np.array(these)[:, None] - np.array(others)[None]
    return np.sqrt(((gaps * np.array(spacing)) ** 2).sum(axis=2)).min(axis=1)


def percentile_by_hand(values, percent):
    """The percentile between the two values next to its rank."""
    ordered = sorted(values)
    rank = (len(ordered) - 1) * percent / 100
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


@given(shape=shapes, seed=seeds, spacing=st.sampled_from(SPACINGS), percent=st.floats(0, 100))
def test_equals_looking_at_every_pair_of_surface_voxels(shape, seed, spacing, percent):
    truth, prediction = lump(shape, seed), lump(shape, seed + 1)
    true, predicted = surface_one_by_one(truth), surface_one_by_one(prediction)
    of_prediction = nearest_one_by_one(predicted, true, spacing)
    of_truth = nearest_one_by_one(true, predicted, spacing)
    both = [*of_prediction, *of_truth]

    found = surface_distances(prediction, truth, spacing)
    np.testing.assert_allclose(sorted(found.of_prediction), sorted(of_prediction), atol=1e-12)
    np.testing.assert_allclose(sorted(found.of_truth), sorted(of_truth), atol=1e-12)
    hausdorff = max(percentile_by_hand(part, percent) for part in (of_prediction, of_truth))
    assert found.hausdorff(percent) == pytest.approx(hausdorff, abs=1e-9)
    assert found.average() == pytest.approx(sum(both) / len(both), abs=1e-9)
    # Between two distances that occur, so that rounding has no say.
    tolerance = 0.77 * spacing[0]
    near = 100 * sum(value <= tolerance for value in both) / len(both)
    assert found.dice(tolerance) == pytest.approx(near)


@given(shape=shapes, seed=seeds)
def test_a_surface_is_what_misses_a_neighbour(shape, seed):
    mask = lump(shape, seed)
    assert list(map(tuple, np.argwhere(surface(mask)))) == surface_one_by_one(mask)


def test_two_voxels_are_as_far_as_pythagoras_says():
    found = surface_distances(
        voxels((9, 9, 9), (2, 2, 2)), voxels((9, 9, 9), (3, 4, 6)), (3.0, 1.0, 0.5)
    )
    length = (3.0**2 + 2.0**2 + 2.0**2) ** 0.5
    assert found.hausdorff() == found.hausdorff(95) == found.average() == pytest.approx(length)
    assert found.dice(4.12) == 0
    assert found.dice(4.13) == 100


def test_two_cubes_side_by_side():
    """Each cube's 26 surface voxels: 9, 8 and 9 of them one, two and three slices of 2 mm away."""
    first = voxels((6, 3, 3), np.s_[:3, :, :])
    found = surface_distances(first, ~first, (2.0, 0.5, 0.7))
    for part in (found.of_prediction, found.of_truth):
        np.testing.assert_allclose(sorted(part), [2] * 9 + [4] * 8 + [6] * 9)
    assert found.hausdorff(95) == pytest.approx(6)
    assert found.average() == pytest.approx((9 * 2 + 8 * 4 + 9 * 6) / 26)
    assert [found.dice(t) for t in (1.9, 2, 4, 6)] == pytest.approx([0, 900 / 26, 1700 / 26, 100])


def test_the_larger_direction_counts_not_both_together():
    """A rod whose half is missing: only the true surface is far from the other one."""
    truth = voxels((1, 40), np.s_[:, :])
    prediction = voxels((1, 40), np.s_[:, :20])
    found = surface_distances(prediction, truth, (1.0, 1.0))
    assert not found.of_prediction.any()
    # Distances 20 zeros and 1 to 20: rank 37.05 of 0 to 39.
    assert found.hausdorff(95) == pytest.approx(18.05)
    assert found.hausdorff() == 20
    assert found.average() == pytest.approx(210 / 60)


@given(shape=shapes, seed=seeds)
def test_a_mask_is_at_no_distance_from_itself(shape, seed):
    mask = lump(shape, seed)
    found = surface_distances(mask, mask.copy(), SPACINGS[1])
    assert (found.hausdorff(), found.average(), found.dice(0)) == (0, 0, 100)


@given(shape=shapes, seed=seeds)
def test_swapping_the_masks_swaps_the_directions_alone(shape, seed):
    one, other = lump(shape, seed), lump(shape, seed + 1)
    there, back = (surface_distances(*pair, SPACINGS[1]) for pair in ((one, other), (other, one)))
    np.testing.assert_array_equal(there.of_prediction, back.of_truth)
    assert there.hausdorff(95) == back.hausdorff(95)
    assert there.average() == pytest.approx(back.average())
    assert there.dice(1) == back.dice(1)


@given(shape=shapes, seed=seeds, factor=st.floats(0.1, 20))
def test_a_larger_spacing_scales_the_distances(shape, seed, factor):
    masks = lump(shape, seed), lump(shape, seed + 1)
    once = surface_distances(*masks, SPACINGS[1])
    scaled = surface_distances(*masks, [factor * step for step in SPACINGS[1]])
    assert scaled.hausdorff(95) == pytest.approx(factor * once.hausdorff(95))
    assert scaled.average() == pytest.approx(factor * once.average())
    assert scaled.dice(1.234 * factor) == once.dice(1.234)


@given(shape=shapes, seed=seeds, margin=st.tuples(*[st.integers(0, 3)] * 6))
def test_empty_space_around_the_masks_changes_nothing(shape, seed, margin):
    masks = lump(shape, seed), lump(shape, seed + 1)
    wider = [np.pad(mask, (margin[:2], margin[2:4], margin[4:])) for mask in masks]
    here, there = (surface_distances(*pair, SPACINGS[1]) for pair in (masks, wider))
    assert there.hausdorff(95) == pytest.approx(here.hausdorff(95))
    assert there.average() == pytest.approx(here.average())
    assert there.dice(1.1) == here.dice(1.1)


@given(shape=shapes, seed=seeds, axes=st.permutations(range(3)))
def test_axes_may_change_places_with_their_spacing(shape, seed, axes):
    masks = lump(shape, seed), lump(shape, seed + 1)
    turned = surface_distances(
        *(mask.transpose(axes) for mask in masks), [SPACINGS[1][axis] for axis in axes]
    )
    straight = surface_distances(*masks, SPACINGS[1])
    assert turned.hausdorff(95) == pytest.approx(straight.hausdorff(95))
    assert turned.average() == pytest.approx(straight.average())


@given(shape=shapes, seed=seeds, low=st.floats(0, 20), more=st.floats(0, 20))
def test_more_tolerance_never_lowers_the_surface_dice(shape, seed, low, more):
    found = surface_distances(lump(shape, seed), lump(shape, seed + 1), SPACINGS[1])
    assert 0 <= found.dice(low) <= found.dice(low + more) <= 100
    assert found.dice(found.hausdorff()) == 100
    assert found.average() <= found.hausdorff() + 1e-9


@given(seed=seeds, offset=st.integers(5, 30))
def test_one_voxel_far_away_stretches_distances_but_hardly_lowers_the_surface_dice(seed, offset):
    truth = np.zeros((5 + offset + 1, 6, 6), bool)
    truth[:5] = lump((5, 6, 6), seed)
    assume(truth[4, 0, 0])
    prediction = truth.copy()
    prediction[4 + offset, 0, 0] = True
    voxel_count = int(surface(truth).sum())
    found = surface_distances(prediction, truth, (1.5, 1.0, 1.0))
    far = 1.5 * offset
    assert found.hausdorff() == pytest.approx(far)
    assert found.average() == pytest.approx(far / (2 * voxel_count + 1))
    assert found.dice(2) == pytest.approx(100 * 2 * voxel_count / (2 * voxel_count + 1))
    # The 95th percentile notices it only where it is more than a twentieth of the surface.
    if voxel_count > 20:
        assert found.hausdorff(95) == 0
    if voxel_count < 20:
        assert found.hausdorff(95) > 0


@pytest.mark.parametrize("step", [0.1, 0.3, 0.7, 1.1, 2.3])
def test_a_shift_by_the_tolerance_is_within_it_wherever_it_lies(step):
    """Positions are rounded products, so single distances come out a trifle above the step."""
    truth = voxels((200, 1), np.s_[::4, :])
    found = surface_distances(np.roll(truth, 1, axis=0), truth, (step, 1.0))
    assert found.dice(step) == 100
    assert found.dice(0.999 * step) == 0


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_order_in_memory_changes_nothing(order):
    masks = lump((6, 7, 5), 1), lump((6, 7, 5), 2)
    turned = [np.asarray(mask, order=order) for mask in masks]
    found = surface_distances(*turned, SPACINGS[1])
    assert found.average() == surface_distances(*masks, SPACINGS[1]).average()


@pytest.mark.parametrize(("prediction", "truth"), [(0, 1), (1, 0), (0, 0)])
def test_there_is_no_distance_to_an_empty_mask(prediction, truth):
    masks = np.full((2, 2, 2), bool(prediction)), np.full((2, 2, 2), bool(truth))
    with pytest.raises(ValueError, match=f"the {'truth' if prediction else 'prediction'} is empty"):
        surface_distances(*masks, SPACINGS[0])


def test_metrics_are_built_without_waiting_for_scipy():
    code = "import sys, ssl_seg.metrics; sys.exit('scipy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
