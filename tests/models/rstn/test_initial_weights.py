"""What a model starts from, what of it can learn, and what a new draw changes."""

from __future__ import annotations

import logging

import pytest
import torch

from ssl_seg.models.rstn import RSTN


def state(model):
    """Return copies of all weights by name."""
    return {name: weight.clone() for name, weight in model.state_dict().items()}


def differing(one, other):
    """Return names of weights that are not bitwise equal."""
    return {name for name in one if not torch.equal(one[name], other[name])}


def learning(rstn, init):
    """Return the names of weights of the coarse and the fine network that get a gradient."""
    model = rstn.made(init=init, section="S")
    images, labels = rstn.triple()
    sum(model.loss(images, rstn.samples(labels)).values()).backward()
    return {
        name
        for name, weight in model.named_parameters()
        if weight.grad is not None and weight.grad.any()
    }


def test_all_layers_learn_from_he(rstn):
    model = rstn.made()
    expected = {
        name
        for name, weight in model.named_parameters()
        if weight.requires_grad and ".saliency." not in name
    }
    assert learning(rstn, "he") == expected


def test_zeros_teach_features_nothing(rstn):
    found = learning(rstn, "published")
    assert found
    assert {name.rpartition(".")[2] for name in found} == {"bias"}
    assert all("score" in name for name in found)


def test_features_keep_the_scale_of_uniform_images(rstn):
    model = rstn.made(network={"base": "tiny", "width": 8})
    maps = [torch.rand(1, 3, 96, 96)]
    with torch.no_grad():
        for stage in model.network.coarse.stages:
            for layer in stage[:-1]:  # poolings take the greatest, so they are left out
                maps.append(layer(maps[-1].clone())[..., 4:-4, 4:-4])
    first, *others = (each for each in maps[1::2])
    assert first[..., 24:-24, 24:-24].square().mean().item() == pytest.approx(2, rel=0.1)
    assert all(0.5 < each.square().mean() < 4 for each in others)


def test_the_first_layer_takes_images_around_their_middle(rstn):
    first = rstn.made().network.fine.layers()["conv1_1"]
    with torch.no_grad():
        grey = first(torch.full((1, 3, 64, 64), 0.5))[..., 32:-32, 32:-32]
    torch.testing.assert_close(grey, torch.zeros_like(grey), atol=1e-5, rtol=0)


def test_published_zeros_come_with_a_warning(rstn, caplog):
    with caplog.at_level(logging.WARNING):
        rstn.made(init="published")
    assert "never learn without a weight file" in caplog.text
    caplog.clear()
    rstn.made(init="he")
    assert not caplog.text


@pytest.mark.parametrize(
    ("release", "bias"),
    [("caffe_v1", (1, 1, 1)), ("caffe_v2", (1, 1, 1)), ("pytorch", (1, 1.5, 2))],
)
def test_the_transformation_starts_as_released(rstn, release, bias):
    saliency = rstn.made(release=release).network.saliency
    assert saliency.output.bias.tolist() == list(bias)
    assert saliency.output.weight.any().item() is (release == "caffe_v2")
    if release == "caffe_v1":
        assert saliency.hidden is None
    else:
        assert (saliency.hidden.bias == 1).all()
        assert saliency.hidden.weight.all()


@pytest.mark.parametrize("classes", [1, 40])
def test_xavier_is_each_releases_own(rstn, classes):
    """Caffe: uniform with variance 1 / fan-in; PyTorch: normal with 2 / (fan-in + fan-out)."""
    caffe, pytorch = (
        rstn.made(release=release, num_classes=classes + 1).network.saliency.hidden.weight
        for release in ("caffe_v2", "pytorch")
    )
    fan = 9 * 3 * classes  # in and out alike
    assert caffe.abs().max() <= (3 / fan) ** 0.5
    if classes > 1:
        assert caffe.std().item() == pytest.approx(fan**-0.5, rel=0.02)
        assert pytorch.std().item() == pytest.approx(fan**-0.5, rel=0.02)
        assert pytorch.abs().max() > (3 / fan) ** 0.5


def test_the_first_release_draws_its_final_convolutions(rstn):
    for init in ("he", "published"):
        for fcn in (lambda net: net.coarse, lambda net: net.fine):
            score = fcn(rstn.made(init=init, release="caffe_v1").network).score
            assert score.weight.any()
            assert not score.bias.any()


def test_a_seed_decides_all_weights(rstn):
    first, again, other = (state(rstn.made(seed=seed)) for seed in (1, 1, 2))
    assert not differing(first, again)
    drawn = differing(first, other)
    assert any(".coarse." in name for name in drawn)
    assert any(".fine." in name for name in drawn)
    assert "network.saliency.hidden.weight" in drawn


@pytest.mark.parametrize("release", ["caffe_v1", "caffe_v2", "pytorch"])
def test_a_new_draw_is_of_the_transformation_alone(rstn, release):
    model = rstn.made(release=release)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.5
    before = state(model)
    torch.manual_seed(7)
    model.redraw()
    after = state(model)
    own = {f"network.saliency.{name}" for name in model.network.saliency.state_dict()}
    assert differing(before, after) == own
    model.redraw()
    torch.manual_seed(7)
    model.redraw()
    assert not differing(state(model), after)


def test_sections_have_the_same_weights_by_name():
    names = [list(RSTN(network="tiny", section=section).state_dict()) for section in "SIJ"]
    assert names[0] == names[1] == names[2]
