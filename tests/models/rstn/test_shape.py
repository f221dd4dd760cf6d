"""Crop offsets follow from a network's shape; impossible shapes are named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.models.rstn.shape import SHAPES, FCNShape

VGG16 = SHAPES["vgg16"]


@st.composite
def shapes(draw):
    """Draw shapes of up to five stages with a padding that suffices."""
    stages = draw(st.integers(1, 5))
    kernel = draw(st.sampled_from([3, 5, 7]))
    padding = 2 ** (stages - 1) * (kernel - 1) + 1 + draw(st.integers(0, 20))
    skips = draw(st.integers(0, stages - 1))
    return FCNShape(((2, 1),) * stages, 3, kernel, padding, skips)


def upsampled(positions, stride):
    """Return where the pixels of an upsampled map lie; outside, the map goes on evenly."""
    places = (np.arange(stride * (len(positions) + 1)) + 0.5) / stride - 1
    return positions[0] + places * (positions[1] - positions[0])


@given(shape=shapes())
def test_offsets_put_maps_where_they_belong(shape):
    maps = [np.arange(200.0 + 2 * shape.padding - 2) - (shape.padding - 1)]
    for _ in shape.stages:
        even = maps[-1][: len(maps[-1]) // 2 * 2]
        maps.append(even.reshape(-1, 2).mean(axis=1))
    border = shape.fc_kernel // 2
    positions = maps.pop()[border:-border]
    for offset in shape.skip_offsets:
        positions, pooled = upsampled(positions, 2), maps.pop()[offset:]
        length = min(len(positions), len(pooled))
        np.testing.assert_allclose(positions[:length], pooled[:length])
        positions = positions[:length]
    last = upsampled(positions, shape.output_stride)
    assert last[shape.output_offset] == 0


def test_vgg16_has_the_published_offsets():
    assert VGG16.skip_offsets == (5, 9)
    assert (VGG16.output_stride, VGG16.output_offset) == (8, 31)


def test_a_shape_is_named_or_changed_by_a_dict():
    assert FCNShape.of("tiny") is not VGG16
    assert FCNShape.of("tiny") == FCNShape.of({"base": "tiny"}) == SHAPES["tiny"]
    half = FCNShape.of({"width": 0.5})
    assert half.stages == ((32, 2), (64, 2), (128, 3), (256, 3), (256, 3))
    assert (half.fc_width, half.padding) == (2048, 100)
    short = FCNShape.of({"base": "tiny", "stages": [[4, 1], [6, 2]], "skips": 1})
    assert short.stages == ((4, 1), (6, 2))
    assert min(FCNShape.of({"width": 1e-6}).stages) == (1, 2)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("vgg", "no network is named 'vgg'; did you mean 'vgg16'"),
        ({"base": "tiny", "widht": 2}, "no 'widht'; did you mean 'width'"),
        ({"width": 0}, "width must be positive, got 0"),
        ({"stages": ()}, "needs stages"),
        ({"stages": [[8, 0]], "skips": 0}, r"at least 1, got stages=\(\(8, 0\),\)"),
        ({"stages": [[8, 1, 1]], "skips": 0}, r"stages of \(channels, convolutions\)"),
        ({"fc_width": 0}, "fc_width=0"),
        ({"fc_kernel": 4}, "odd and at least 3, got 4"),
        ({"fc_kernel": 1}, "odd and at least 3, got 1"),
        ({"skips": 5}, "from 0 to 4 for 5 stages, got 5"),
        ({"skips": -1}, "from 0 to 4 for 5 stages, got -1"),
        ({"padding": 96}, "at least 97, .* got 96"),
    ],
)
def test_impossible_shapes_are_refused(network, message):
    with pytest.raises(ValueError, match=message):
        FCNShape.of(network)
