"""Each pixel counts by its weight in every head's own loss."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from mmengine.structures import PixelData
from torch.nn import functional

from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace
from ssl_seg.models.mixed_space import reduce_logits, supervise_in
from ssl_seg.models.pixel_weights import weigh_pixels
from ssl_seg.models.rstn import RSTN
from ssl_seg.runner import models

# These need mmsegmentation, which the modules above make importable.
from mmseg.structures import SegDataSample  # isort: skip

HEIGHT, WIDTH = 16, 24
PLAIN = {"type": "CrossEntropyLoss", "avg_non_ignore": True}
FCN = {
    "type": "FCNHead",
    "in_channels": 8,
    "in_index": 0,
    "channels": 4,
    "num_convs": 1,
    "num_classes": 3,
    "dropout_ratio": 0,
    "loss_decode": {**PLAIN, "loss_weight": 0.4},
}


@pytest.fixture
def build(tiny):
    """Return a function that builds the tiny model with three classes and no dropout."""

    def built(*losses, **head):
        head = {
            "num_classes": 3,
            "dropout_ratio": 0,
            "loss_decode": list(losses or (PLAIN,)),
            **head,
        }
        changes = {f"model.decode_head.{key}": value for key, value in head.items()}
        torch.manual_seed(0)
        return models.build(
            tiny.settings(Path("/data"), {**changes, "model.auxiliary_head": FCN})["model"]
        ).eval()

    return built


def batch(*weights, space=None):
    """Make pictures and samples; a tenth of the pixels is ignored. A weight of None is not said."""
    random = torch.Generator().manual_seed(0)
    samples = []
    for weight in weights:
        truth = torch.randint(3 if space is None else 2, (1, HEIGHT, WIDTH), generator=random)
        truth[torch.rand(truth.shape, generator=random) < 0.1] = 255
        sample = SegDataSample(gt_sem_seg=PixelData(data=truth))
        if weight is not None:
            sample.gt_weight = PixelData(data=weight)
        sample.set_metainfo({"space": space} if space else {})
        samples.append(sample)
    return torch.randn(len(samples), 3, HEIGHT, WIDTH, generator=random), samples


def drawn(height=HEIGHT, width=WIDTH):
    return torch.rand(1, height, width, generator=torch.Generator().manual_seed(height))


def cross_entropy(logits, samples, weights):
    """Compute the mean of weight times cross entropy over all pixels with a label."""
    planes = functional.interpolate(logits, (HEIGHT, WIDTH), mode="bilinear")
    labels = torch.cat([sample.gt_sem_seg.data for sample in samples])
    every = -planes.log_softmax(1).gather(1, labels[:, None] % 255)[:, 0]
    known = labels != 255
    return (every * weights)[known].sum() / known.sum()


def test_pixels_count_by_their_weights_in_all_heads(build):
    model = build()
    weigh_pixels(model)
    # The second sample's mask was padded, its weights were not; the third one says none.
    pictures, samples = batch(drawn(), drawn(10, 20), None)
    weights = torch.ones(3, HEIGHT, WIDTH)
    weights[0], weights[1, :10, :20] = drawn()[0], drawn(10, 20)[0]
    losses = model.loss(pictures, samples)
    features = model.extract_feat(pictures)
    for name, head, factor in (
        ("decode", model.decode_head, 1),
        ("aux", model.auxiliary_head, 0.4),
    ):
        expected = factor * cross_entropy(head(features), samples, weights)
        torch.testing.assert_close(losses[f"{name}.loss_ce"], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("weight", [None, torch.ones(1, HEIGHT, WIDTH)], ids=["none", "ones"])
def test_the_loss_without_weights_is_the_same_to_the_bit(build, weight):
    plain, weighed = build(), build()
    weigh_pixels(weighed)
    pictures, samples = batch(weight, None)
    assert plain.loss(pictures, samples) == weighed.loss(pictures, samples)


def test_a_batch_leaves_no_weight_to_the_next_one(build):
    model = build()
    weigh_pixels(model)
    pictures, samples = batch(None, None)
    before = model.loss(pictures, samples)
    model.loss(*batch(drawn(), None))
    assert model.loss(pictures, samples) == before


def test_a_copy_weighs_the_losses_of_its_own_heads(build):
    model = build()
    weigh_pixels(model)
    copied = deepcopy(model)
    pictures, samples = batch(drawn())
    usual = model.loss(pictures, samples)["decode.loss_ce"]
    torch.nn.init.zeros_(copied.decode_head.conv_seg.weight)
    assert copied.loss(pictures, samples)["decode.loss_ce"] != usual
    assert copied.state_dict().keys() == build().state_dict().keys()


class Even:
    """A sampler that learns from every other column."""

    def sample(self, logits, labels):
        chosen = torch.zeros(labels[:, 0].shape)
        chosen[..., ::2] = 1
        return chosen


def test_weights_go_with_those_of_a_sampler(build):
    model = build()
    model.decode_head.sampler = Even()
    weigh_pixels(model)
    pictures, samples = batch(drawn())
    logits = model.decode_head(model.extract_feat(pictures))
    weights = drawn() * Even().sample(None, torch.zeros(1, 1, HEIGHT, WIDTH))
    found = model.loss(pictures, samples)["decode.loss_ce"]
    torch.testing.assert_close(found, cross_entropy(logits, samples, weights), rtol=1e-5, atol=1e-6)


def space(*classes):
    return LabelSpace(" ".join(classes), classes, ((0, 0, 0),) * len(classes))


def test_pixels_of_coarser_labels_count_by_their_weights(build):
    reduction = ClassMapping("joined", space("a", "b", "c"), space("a", "bc"), (0, 1, 1))
    model = build()
    supervise_in(model, {"coarse": reduction})
    weigh_pixels(model)
    pictures, samples = batch(drawn(), space="coarse")
    logits = model.decode_head(model.extract_feat(pictures))
    planes = functional.interpolate(logits, (HEIGHT, WIDTH), mode="bilinear")
    expected = cross_entropy(reduce_logits(planes, reduction), samples, drawn())
    found = model.loss(pictures, samples)["decode.loss_ce"]
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "loss",
    [
        {"type": "LovaszLoss", "reduction": "none"},
        {"type": "DiceLoss", "use_sigmoid": False},
        {"type": "OhemCrossEntropy"},
    ],
    ids=lambda loss: loss["type"],
)
def test_a_loss_that_cannot_weigh_single_pixels_is_refused_by_name(build, loss):
    place = rf"^model\.decode_head\.loss_decode\[1\] \({loss['type']}\): pseudo_labels\.weight"
    with pytest.raises(UserError, match=place):
        weigh_pixels(build(PLAIN, loss))


@pytest.mark.parametrize(
    "loss",
    [
        {**PLAIN, "class_weight": [0.1, 1.0, 2.0]},
        {**PLAIN, "use_sigmoid": True},
    ],
)
def test_cross_entropy_of_any_kind_can_weigh_single_pixels(build, loss):
    weigh_pixels(build(loss))


def test_rstn_is_refused():
    with pytest.raises(UserError, match=r"^model \(RSTN\): pseudo_labels\.weight"):
        weigh_pixels(RSTN.__new__(RSTN))
