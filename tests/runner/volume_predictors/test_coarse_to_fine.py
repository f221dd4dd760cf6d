"""Rounds are those of the published test procedure, and their result lies in the file's grid."""

from __future__ import annotations

from functools import cache as cached
from functools import partial

import nibabel
import numpy as np
import pytest
import torch
from scipy import ndimage
from torch.nn.functional import binary_cross_entropy

from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.models.rstn.channels import foreground
from ssl_seg.registry import PREDICTORS
from ssl_seg.runner import models
from ssl_seg.runner.volume_predictors import CoarseToFine
from ssl_seg.runner.volume_predictors.components import large_labels

LOW, HIGH = -100, 240
PIPELINE = ({"type": "LoadSlices", "window": (LOW, HIGH)}, {"type": "PackSegInputs"})
SHAPE = (15, 14, 12)  # x, y, z
NETWORK = {"base": "tiny", "stages": ((4, 1), (8, 1)), "fc_width": 16, "padding": 5, "skips": 1}


MIDDLES, RADII = ((6, 8, 5), (12, 2, 9)), (4.5, 2.2)


def distances(middle):
    at = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"))
    return np.sqrt(((at - np.array(middle)[:, None, None, None]) ** 2).sum(axis=0))


def truth_of(classes):
    """Return the labels (x, y, z) of a large and a small ball, the core of the large one apart."""
    inside = [distances(at) < radius for at, radius in zip(MIDDLES, RADII, strict=True)]
    labels = (inside[0] | inside[1]).astype(np.uint8)
    if classes == 2:
        labels[distances(MIDDLES[0]) < 2.8] = 2
    return labels


@pytest.fixture(scope="module")
def organ():
    """A noisy volume of the balls; canonical (x, y, z)."""
    noise = np.random.default_rng(5).normal(0, 60, SHAPE)
    return (60 * truth_of(2) + 60.0 * truth_of(1) + noise).astype(np.int16)


@pytest.fixture(scope="module")
def networks(organ):
    """Return a function that makes a network for each view, which have learned the balls."""

    @cached
    def weights(classes, release):
        torch.manual_seed(0)
        model = built(classes=classes, release=release).eval()
        model.init_weights()
        images = torch.from_numpy(windowed(organ))
        labels = torch.from_numpy(truth_of(classes))
        optimizer = torch.optim.Adam(model.parameters(), 5e-3)
        for iteration in range(110):
            axis = iteration % 3
            middles = torch.randint(1, SHAPE[axis] - 1, (4,)).tolist()
            inputs, truth = (
                torch.stack([of.movedim(axis, 0)[at - 1 : at + 2] for at in middles])
                for of in (images, labels)
            )
            truth_of_channels = foreground(truth, classes).float()
            found = model.network(inputs, truth, "I")
            loss = sum(binary_cross_entropy(one, truth_of_channels) for one in found)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return model.state_dict()

    def make(*, classes=1, release="pytorch", margin=2, coarse=0.0, fine=0.0):
        learned, made = weights(classes, release), {}
        for number, view in enumerate(BODY_VIEWS):
            torch.manual_seed(number)
            made[view] = built(classes=classes, release=release, margin=margin).eval()
            made[view].load_state_dict(learned)
            with torch.no_grad():
                for value in filter(lambda one: one.requires_grad, made[view].parameters()):
                    value += 0.05 * value.std(correction=0) * torch.randn(value.shape)
                made[view].network.coarse.score_fr.bias += coarse
                made[view].network.fine.score_fr.bias += fine
        return made

    return make


def built(*, classes, release, margin=2):
    return models.build(
        {
            "type": "RSTN",
            "network": NETWORK,
            "num_classes": classes + 1,
            "margin": margin,
            "release": release,
            "data_preprocessor": {"type": "SegDataPreProcessor"},
        }
    )


def windowed(values):
    scaled = (np.clip(values, LOW, HIGH) - LOW) / np.float32(HIGH - LOW)
    return scaled.astype(np.float32)


class Published:
    """The rounds as published, one window at a time, on whole slices."""

    def __init__(self, networks, values, *, margin, classes=1, keep=0.5):
        self._networks = networks
        self._image = windowed(values).transpose(2, 1, 0)
        self._margin = margin
        self._classes = classes
        self._keep = keep

    @torch.inference_mode()
    def rounds(self, count):
        """Return for each round its fused probabilities (K, z, y, x) and its labels (z, y, x)."""
        score = self._fused(self._coarse)
        found = [(score, self._labels(score))]
        for _ in range(count):
            score = self._fused(partial(self._fine, *found[-1]))
            found.append((score, self._cleaned(self._labels(score))))
        return found

    def _fused(self, say):
        total = np.zeros((self._classes, *self._image.shape))
        for view, model in self._networks.items():
            total += self._averaged(view, partial(say, model.network, view))
        return total / len(self._networks)

    def _averaged(self, view, say):
        total = np.zeros((self._classes, *self._image.shape))
        slices = in_view(total, view)  # (K, n, H, W), a view of the total
        count = slices.shape[1]
        for middle in range(count):
            output = say([max(middle - 1, 0), middle, min(middle + 1, count - 1)])
            for place, number in enumerate((middle - 1, middle, middle + 1)):
                if 0 <= number < count and output is not None:
                    slices[:, number] += output[place::3]
        slices[:, [0, -1]] /= 2
        slices[:, 1:-1] /= 3
        return total

    def _coarse(self, network, view, triple):
        return torch.sigmoid(network.coarse(tensor(in_view(self._image, view)[triple])))[0].numpy()

    def _fine(self, score, labels, network, view, triple):
        slices = in_view(self._image, view)[triple]
        mask = in_view(labels, view)[triple] > 0
        if not mask.any():
            return None
        scores = in_view(score, view)[:, triple].reshape(-1, *slices.shape[1:])
        weighted = tensor(slices) * network.saliency(tensor(scores.astype(np.float32)))
        _, rows, columns = mask.nonzero()
        box = tuple(
            slice(max(found.min() - self._margin, 0), found.max() + self._margin + 1)
            for found in (rows, columns)
        )
        output = np.zeros(scores.shape, np.float32)
        logits = network.fine(weighted[(..., *box)])
        output[(slice(None), *box)] = torch.sigmoid(logits)[0].numpy()
        return output

    @staticmethod
    def _labels(score):
        return np.where(score.max(axis=0) >= 0.5, score.argmax(axis=0) + 1, 0)

    def _cleaned(self, labels):
        kept = np.zeros_like(labels)
        for number in range(1, self._classes + 1):
            parts, count = ndimage.label(labels == number)
            sizes = [(parts == part).sum() for part in range(1, count + 1)]
            for part, size in enumerate(sizes, start=1):
                if size >= self._keep * max(sizes) or 2 * sum(sizes) >= labels.size:
                    kept[parts == part] = number
        return kept


def in_view(volume, view):
    """Return (..., z, y, x) as (..., n, H, W)."""
    axis = {"axial": 0, "coronal": 1, "sagittal": 2}[view]
    return np.moveaxis(volume, volume.ndim - 3 + axis, volume.ndim - 3)


def tensor(slices):
    return torch.from_numpy(np.ascontiguousarray(slices))[None]


def dsc(a, b):
    return 2 * ((a == b) & (a > 0)).sum() / max((a > 0).sum() + (b > 0).sum(), 1)


@pytest.mark.parametrize("release", ["pytorch", "caffe_v1"])
@pytest.mark.parametrize(("classes", "margin"), [(1, 2), (1, 0), (1, 20), (2, 3)])
def test_rounds_are_the_published_ones(organ, case, cache, networks, classes, margin, release):
    trained = networks(classes=classes, margin=margin, release=release)
    expected = Published(trained, organ, margin=margin, classes=classes).rounds(3)
    predictor = CoarseToFine(trained, PIPELINE, cache(), max_rounds=3, readout=None)
    found = list(predictor.rounds(predictor.read(case(organ))))
    assert [one.number for one in found] == [0, 1, 2, 3]
    for number, (one, (score, labels)) in enumerate(zip(found, expected, strict=True)):
        assert np.allclose(one.fused.probabilities, score, atol=2e-5), number
        assert np.array_equal(one.labels, labels), number
        if number:
            assert one.agreement == pytest.approx(dsc(labels, expected[number - 1][1]))
        assert 0 < (labels > 0).mean() < 0.5, "the networks of this test find too little or much"
    assert found[0].agreement is None


def test_small_components_are_dropped_from_round_1_on(organ, case, cache, networks):
    beside = np.pad(organ, ((0, 0), (0, 0), (3, 14)), constant_values=LOW)
    beside[3:10, 5:12, 18:25] = organ[3:10, 5:12, 2:9]  # a part of the ball, far from it
    trained = networks(coarse=-3.0, fine=-2.0)
    loose, strict = (
        CoarseToFine(trained, PIPELINE, cache(), max_rounds=1, readout=None, keep=keep)
        for keep in (0.0, 1.0)
    )
    file = loose.read(case(beside))
    (coarse, every), (same, largest) = (list(one.rounds(file)) for one in (loose, strict))
    assert ndimage.label(coarse.labels)[1] > 1
    assert np.array_equal(coarse.labels, same.labels)
    parts, count = ndimage.label(every.labels)
    assert count > 1
    sizes = np.bincount(parts.ravel())[1:]
    kept = np.isin(parts, 1 + np.flatnonzero(sizes == sizes.max()))
    assert np.array_equal(largest.labels > 0, kept)
    (prediction,) = strict.predict([file])
    assert np.array_equal(prediction.labels > 0, kept.transpose(2, 1, 0))


def test_half_of_what_is_looked_at_is_not_half_of_the_volume(organ, case, cache, networks):
    deep = np.full((*SHAPE[:2], 90), LOW, np.int16)
    deep[..., :26] = HIGH
    deep[3:12, 3:12, 33:40] = HIGH
    trained = networks(margin=0)
    loose, usual = (
        CoarseToFine(trained, PIPELINE, cache(), max_rounds=1, readout=None, keep=keep)
        for keep in (0.0, 0.5)
    )
    file = loose.read(case(deep))
    (_, every), (_, kept) = (list(one.rounds(file)) for one in (loose, usual))
    parts, count = ndimage.label(every.labels)
    assert count > 1
    assert (parts > 0).sum() * 90 > 0.5 * parts.size * 43  # of what is looked at
    assert 0 < (parts > 0).mean() < 0.5
    largest = np.bincount(parts.ravel())[1:].argmax() + 1
    assert np.array_equal(kept.labels > 0, parts == largest)


def test_the_result_is_the_last_round(organ, case, cache, networks):
    predictor = CoarseToFine(networks(), PIPELINE, cache(), max_rounds=2, readout=None)
    file = predictor.read(case(organ))
    *_, last = predictor.rounds(file)
    (prediction,) = predictor.predict([file])
    labels = last.labels.transpose(2, 1, 0)
    assert (prediction.labels.dtype, prediction.confidence.dtype) == (np.uint8, np.float32)
    assert np.array_equal(prediction.labels, labels)
    chance = last.fused.probabilities[0].transpose(2, 1, 0)
    assert np.allclose(prediction.confidence, np.where(labels > 0, chance, 1 - chance), atol=1e-6)


def test_the_readout_ends_the_rounds(organ, case, cache, networks):
    trained = networks()
    every = CoarseToFine(trained, PIPELINE, cache(), max_rounds=4, readout=None)
    file = every.read(case(organ))
    rounds = list(every.rounds(file))
    agreements = [one.agreement for one in rounds[1:]]
    assert len(set(agreements)) > 2
    for readout in agreements:
        first = 1 + next(at for at, value in enumerate(agreements) if value >= readout)
        stopped = CoarseToFine(trained, PIPELINE, cache(), max_rounds=4, readout=readout)
        found = list(stopped.rounds(file))
        assert [one.number for one in found] == list(range(first + 1))
        assert np.array_equal(found[-1].labels, rounds[first].labels)


@pytest.mark.parametrize("spacing", [None, 1.0, 3.1])
def test_the_orientation_of_a_file_changes_nothing(organ, volumes, case, cache, networks, spacing):
    predictor = CoarseToFine(networks(), PIPELINE, cache(spacing), max_rounds=2)
    found = []
    for order, signs in (((0, 1, 2), (1, 1, 1)), ((2, 0, 1), (-1, 1, -1)), ((1, 0, 2), (1, -1, 1))):
        affine = volumes.affine(order, signs)
        one = case(volumes.natively(organ, order, signs), affine, f"{order}.nii.gz")
        (prediction,) = predictor.predict([predictor.read(one)])
        image = nibabel.Nifti1Image(prediction.labels, affine)
        found.append(np.asarray(nibabel.as_closest_canonical(image).dataobj))
    assert all(np.array_equal(labels, found[0]) for labels in found)
    assert 0 < found[0].mean() < 0.5
    # Resampling may not bring back components that the last round had dropped.
    assert np.array_equal(large_labels(found[0], keep=0.5), found[0])


def test_acquired_slices_are_seen_as_stored_whatever_the_orientation(
    organ, volumes, case, cache, networks
):
    axial = networks()["axial"]
    stored = case(organ, np.diag((1, 1, 3, 1)), "stored.nii.gz")
    rounds = {"max_rounds": 2, "readout": None}

    def labels(view, one):
        predictor = CoarseToFine({view: axial}, PIPELINE, cache(), **rounds)
        (prediction,) = predictor.predict([predictor.read(one)])
        return prediction.labels

    expected = labels("axial", stored)
    assert 0 < expected.mean() < 0.5
    assert np.array_equal(labels("acquired", stored), expected)
    for order, signs in (((2, 0, 1), (-1, 1, -1)), ((1, 0, 2), (1, -1, -1))):
        spacing = [1.0, 1.0, 1.0]
        spacing[order[2]] = 3.0
        turned = case(organ, volumes.affine(order, signs, spacing=spacing), f"{order}.nii.gz")
        assert np.array_equal(labels("acquired", turned), expected)


@pytest.mark.parametrize("fusion", ["soft", "hard"])
def test_views_vote_within_every_round(organ, case, cache, networks, fusion):
    trained = networks()
    predictor = CoarseToFine(
        trained, PIPELINE, cache(), max_rounds=2, readout=None, fusion=fusion, keep=0.0
    )
    for one in predictor.rounds(predictor.read(case(organ))):
        mean = one.fused.probabilities[0]
        votes = mean >= 0.5 if one.fused.votes is None else one.fused.votes[0] >= 2
        assert np.array_equal(one.labels > 0, votes)
        assert (one.fused.votes is None) == (fusion == "soft")
        assert fusion == "soft" or not np.array_equal(votes, mean >= 0.5)


@pytest.mark.parametrize(
    ("shifts", "rounds"), [({"coarse": -99.0}, 1), ({"fine": -99.0}, 2)], ids=["coarse", "fine"]
)
def test_finding_nothing_ends_the_rounds(organ, case, cache, networks, shifts, rounds):
    predictor = CoarseToFine(networks(**shifts), PIPELINE, cache())
    file = predictor.read(case(organ))
    found = list(predictor.rounds(file))
    assert len(found) == rounds
    (prediction,) = predictor.predict([file])
    assert not found[-1].labels.any()
    assert not prediction.labels.any()
    assert np.allclose(prediction.confidence, 1)


def test_the_batch_size_of_the_coarse_networks_does_not_matter(organ, case, cache, networks):
    trained, results = networks(), []
    for batch_size in (1, 5):
        predictor = CoarseToFine(trained, PIPELINE, cache(), max_rounds=1, batch_size=batch_size)
        results.append(list(predictor.rounds(predictor.read(case(organ)))))
    for one, other in zip(*results, strict=True):
        assert np.allclose(one.fused.probabilities, other.fused.probabilities, atol=1e-5)


def test_other_networks_are_refused(cache, rstn, pointwise):
    networks = {"axial": rstn(0), "coronal": pointwise([1.0], [0.5])}
    message = r"inference: .* that of coronal is a EncoderDecoder; .*type='Views'"
    with pytest.raises(ValueError, match=message):
        PREDICTORS.build({"type": "CoarseToFine"}, networks, PIPELINE, cache(), where="inference")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_rounds": -1}, "max_rounds must be 0 or more, got -1"),
        ({"readout": 0}, "readout must be a DSC above 0 and up to 1, or None, got 0"),
        ({"readout": 95}, "readout must be a DSC above 0 and up to 1, or None, got 95"),
        ({"keep": 1.5}, "keep must be a part of the largest component, 0 to 1, got 1.5"),
        ({"fusion": "mean"}, "fusion: there is no 'mean'"),
        ({"batch_size": 0}, "batch_size must be at least 1 slice, got 0"),
    ],
)
def test_values_out_of_range_are_refused(cache, rstn, arguments, message):
    config = {"type": "CoarseToFine", **arguments}
    with pytest.raises(ValueError, match=message):
        PREDICTORS.build(config, {"axial": rstn(0)}, PIPELINE, cache(), where="inference")
