"""An FCN is what was published, layer by layer, and fits images of any size."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d, conv_transpose2d, max_pool2d, relu

from ssl_seg.models.rstn.fcn import FCN
from ssl_seg.models.rstn.shape import SHAPES, FCNShape

NARROW = FCNShape.of({"base": "vgg16", "width": 1 / 64})
SIZES = [(1, 1), (1, 50), (17, 3), (31, 33), (32, 32), (40, 63), (64, 65), (7, 97)]


def filled(fcn):
    """Draw all weights that learn, so that every layer matters."""
    for layer in fcn.layers().values():
        nn.init.kaiming_normal_(layer.weight)
        nn.init.normal_(layer.bias, std=0.1)
    return fcn.eval()


def as_published(fcn, images):
    """Compute FCN-8s on VGG16 with the published paddings and crops, functions only."""

    def convolved(maps, name, **options):
        layer = fcn.layers()[name]
        return conv2d(maps, layer.weight, layer.bias, **options)

    def doubled(maps, stride):
        away = (torch.arange(2 * stride) - (stride - 0.5)).abs() / stride
        kernel = torch.outer(1 - away, 1 - away)[None, None].repeat(maps.shape[1], 1, 1, 1)
        return conv_transpose2d(maps, kernel, stride=stride, groups=maps.shape[1])

    maps, pools = images, []
    for stage, count in enumerate((2, 2, 3, 3, 3), start=1):
        for place in range(1, count + 1):
            padding = 100 if (stage, place) == (1, 1) else 1
            maps = relu(convolved(maps, f"conv{stage}_{place}", padding=padding))
        maps = max_pool2d(maps, 2, 2, ceil_mode=True)
        pools.append(maps)
    maps = relu(convolved(relu(convolved(maps, "fc6")), "fc7"))
    scores = doubled(convolved(maps, "score_fr"), 2)
    for pool, name, offset, stride in ((3, "score_pool4", 5, 2), (2, "score_pool3", 9, 8)):
        height, width = scores.shape[-2:]
        skipped = convolved(pools[pool], name)
        scores = scores + skipped[..., offset : offset + height, offset : offset + width]
        scores = doubled(scores, stride)
    return scores[..., 31 : 31 + images.shape[-2], 31 : 31 + images.shape[-1]]


@pytest.mark.parametrize("size", SIZES)
def test_vgg16_computes_what_was_published(size):
    fcn, images = filled(FCN(NARROW, 3)), torch.rand(2, 3, *size)
    with torch.no_grad():
        torch.testing.assert_close(fcn(images), as_published(fcn, images), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("skips", [0, 1, 2, 3])
def test_the_output_has_the_size_of_the_input(skips):
    fcn = filled(FCN(FCNShape.of({"base": "tiny", "width": 0.25, "skips": skips}), 4))
    for height in range(1, 40):
        with torch.no_grad():
            logits = fcn(torch.rand(1, 3, height, 40 - height))
        assert logits.shape == (1, 4, height, 40 - height)


def test_vgg16_has_the_published_number_of_weights():
    with torch.device("meta"):
        fcn = FCN(SHAPES["vgg16"], 3)
    counts = {
        learns: sum(each.numel() for each in fcn.parameters() if each.requires_grad is learns)
        for learns in (True, False)
    }
    assert sum(counts.values()) == 134_277_737
    assert counts[False] == 2_592


def test_layers_have_their_published_names():
    names = list(FCN(NARROW, 3).layers())
    assert names[:3] == ["conv1_1", "conv1_2", "conv2_1"]
    assert names[-6:] == ["conv5_3", "fc6", "fc7", "score_fr", "score_pool4", "score_pool3"]
    assert list(FCN(NARROW, 3, final_conv=True).layers())[-1] == "score"


def test_the_final_convolution_sees_the_scores():
    fcn, images = filled(FCN(NARROW, 3, final_conv=True)), torch.rand(1, 3, 20, 30)
    with torch.no_grad():
        expected = conv2d(as_published(fcn, images), fcn.score.weight, fcn.score.bias, padding=1)
        torch.testing.assert_close(fcn(images), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dropout", [nn.Dropout, nn.Dropout2d])
def test_both_wide_layers_drop_half_of_what_they_say(dropout):
    fcn = FCN(NARROW, 3, dropout=dropout)
    drops = [layer for layer in fcn.modules() if isinstance(layer, dropout)]
    assert [layer.p for layer in drops] == [0.5, 0.5]
    assert [type(layer) for layer in fcn.classifier][2::3] == [dropout, dropout]
