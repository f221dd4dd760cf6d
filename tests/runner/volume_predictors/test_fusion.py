"""Fusion says of each voxel what a loop over voxels says."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.media.volumes.cut import BODY_CUTS
from ssl_seg.runner.volume_predictors.fusion import Fused, Fusion, check_fusion

SHAPE = (4, 5, 3)  # z, y, x


def view_maps(classes, views, seed=0, *, exclusive=True):
    """Draw each view's probabilities (K, z, y, x), many of them equal or exactly 1/2."""
    rng = np.random.default_rng(seed)
    drawn = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], (views, classes + 1, *SHAPE))
    drawn[:, 0] += 0.125 * (drawn.sum(axis=1) == 0)
    if exclusive and classes > 1:
        drawn = rng.dirichlet(np.ones(classes + 1), (views, *SHAPE)).transpose(0, 4, 1, 2, 3)
    return drawn[:, 1:].astype(np.float32)


def fused(maps, fusion, *, exclusive=True, batch=2):
    cuts = {view: BODY_CUTS[view] for view in BODY_VIEWS[: len(maps)]}
    gathered = Fusion(SHAPE, maps.shape[1], cuts, exclusive=exclusive, fusion=fusion)
    for (view, cut), of in zip(cuts.items(), maps, strict=True):
        slices = cut.slices(of)
        for start in range(0, slices.shape[1], batch):
            gathered.add(view, start, np.ascontiguousarray(slices[:, start : start + batch]))
    return gathered.finish()


def label_of(probabilities, *, exclusive):
    """Return a voxel's label: the highest of foreground where the background is not higher."""
    taken = sum(probabilities) if exclusive else max(probabilities)
    best = max(range(len(probabilities)), key=lambda number: probabilities[number])
    return 0 if 1 - taken > probabilities[best] else best + 1


def probability_of(label, probabilities, *, exclusive):
    taken = sum(probabilities) if exclusive else max(probabilities)
    return probabilities[label - 1] if label else 1 - taken


CASES = [(1, True), (1, False), (3, True), (3, False)]


@pytest.mark.parametrize("views", [1, 2, 3])
@pytest.mark.parametrize(("classes", "exclusive"), CASES)
def test_soft_fusion_labels_by_the_mean_probability(classes, exclusive, views):
    maps = view_maps(classes, views, exclusive=exclusive)
    result = fused(maps, "soft", exclusive=exclusive)
    labels = result.labels()
    confidence = result.confidence(labels)
    assert (labels.dtype, confidence.dtype) == (np.uint8, np.float32)
    for voxel in np.ndindex(SHAPE):
        means = [float(np.mean(maps[(slice(None), k, *voxel)])) for k in range(classes)]
        assert labels[voxel] == label_of(means, exclusive=exclusive), voxel
        expected = probability_of(int(labels[voxel]), means, exclusive=exclusive)
        assert confidence[voxel] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("views", [1, 2, 3])
def test_two_classes_are_foreground_from_one_half_on(views):
    maps = view_maps(1, views)
    labels = fused(maps, "soft").labels()
    sums = maps.sum(axis=0)[0]
    assert np.array_equal(labels, sums >= views / 2)
    assert (sums == views / 2).any()


def test_many_classes_are_their_argmax():
    maps = view_maps(4, 3)
    mean = maps.mean(axis=0)
    every = np.concatenate([1 - mean.sum(axis=0, keepdims=True), mean])
    assert np.array_equal(fused(maps, "soft").labels(), every.argmax(axis=0))


@pytest.mark.parametrize("views", [1, 2, 3])
@pytest.mark.parametrize(("classes", "exclusive"), CASES)
def test_hard_fusion_labels_by_the_most_votes(classes, exclusive, views):
    maps = view_maps(classes, views, seed=views, exclusive=exclusive)
    result = fused(maps, "hard", exclusive=exclusive)
    labels = result.labels()
    confidence = result.confidence(labels)
    ties = 0
    for voxel in np.ndindex(SHAPE):
        of_views = maps[(slice(None), slice(None), *voxel)].tolist()
        votes = Counter(label_of(of, exclusive=exclusive) for of in of_views)
        most = [label for label, count in votes.items() if count == max(votes.values())]
        means = np.mean(of_views, axis=0).tolist()
        chances = {k: probability_of(k, means, exclusive=exclusive) for k in most}
        ties += len(most) > 1
        near = [k for k in most if chances[k] >= max(chances.values()) - 1e-6]
        assert labels[voxel] in near, voxel
        assert confidence[voxel] == pytest.approx(votes[int(labels[voxel])] / views, abs=1e-6)
    assert (ties > 0) == (views == 2 or (views == 3 and classes > 1))


def test_soft_and_hard_differ_where_one_view_is_sure():
    maps = np.array([1.0, 0.4, 0.4], np.float32).reshape(3, 1, 1, 1, 1) * np.ones(SHAPE, np.float32)
    assert fused(maps, "soft").labels().all()
    hard = fused(maps, "hard")
    assert not hard.labels().any()
    assert np.allclose(hard.confidence(hard.labels()), 2 / 3)


def test_equal_votes_of_background_and_foreground_go_by_probability():
    maps = np.array([0.9, 0.2], np.float32).reshape(2, 1, 1, 1, 1) * np.ones(SHAPE, np.float32)
    assert fused(maps, "hard").labels().all()
    maps = np.array([0.6, 0.2], np.float32).reshape(2, 1, 1, 1, 1) * np.ones(SHAPE, np.float32)
    assert not fused(maps, "hard").labels().any()


@pytest.mark.parametrize("fusion", ["soft", "hard"])
def test_the_number_of_slices_at_a_time_does_not_matter(fusion):
    maps = view_maps(2, 3)
    one, all_at_once = (fused(maps, fusion, batch=batch) for batch in (1, 9))
    assert np.array_equal(one.probabilities, all_at_once.probabilities)
    assert np.array_equal(one.labels(), all_at_once.labels())


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 3, 2, 1), (0, 2, 3, 1)])
def test_labels_do_not_depend_on_how_maps_lie_in_memory(order):
    maps = view_maps(3, 1)[0]
    straight = Fused(maps, None, 1, exclusive=True)
    turned = Fused(maps.transpose(order), None, 1, exclusive=True)
    voxels = [axis - 1 for axis in order[1:]]
    labels = straight.labels()
    assert np.array_equal(turned.labels(), labels.transpose(voxels))
    confidence = straight.confidence(labels).transpose(voxels)
    assert np.array_equal(turned.confidence(turned.labels()), confidence)


def test_confidence_stays_in_its_range():
    above = Fused(np.full((2, *SHAPE), 0.5000001, np.float32), None, 3, exclusive=True)
    confidence = above.confidence(np.zeros(SHAPE, np.uint8))
    assert confidence.min() >= 0


def test_an_unknown_fusion_is_named():
    with pytest.raises(ValueError, match="fusion: there is no 'softt'; did you mean 'soft'"):
        check_fusion("softt")
