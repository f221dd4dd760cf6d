"""Weight files of others, by their names, into both networks."""

from __future__ import annotations

import pickle

import pytest
import torch
from torch.nn.functional import conv2d, linear

from ssl_seg.models.rstn import RSTN
from ssl_seg.models.rstn.pretrained import load_pretrained

NARROW = {"base": "vgg16", "width": 1 / 32}
PLACES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
STAGES = (2, 2, 3, 3, 3)
NAMES = [f"conv{stage}_{n + 1}" for stage, count in enumerate(STAGES, 1) for n in range(count)]
FEATURES = dict(zip(NAMES, PLACES, strict=True))
"""Where torchvision's VGG16 has its convolutions."""
NEAR = {"rtol": 1e-4, "atol": 1e-4}


def fcn8s():
    """Make the weights of an FCN-8s of 21 classes, by the names of pytorch-fcn."""
    widths = {1: 2, 2: 4, 3: 8, 4: 16, 5: 16}
    weights, before = {}, 3
    for name in FEATURES:
        width = widths[int(name[4])]
        weights[name] = (width, before, 3, 3)
        before = width
    weights |= {"fc6": (128, 16, 7, 7), "fc7": (128, 128, 1, 1)}
    weights |= {"score_fr": (21, 128, 1, 1), "score_pool3": (21, 8, 1, 1)}
    torch.manual_seed(3)
    made = {}
    for name, shape in weights.items():
        weight = torch.randn(shape)
        weight *= (2 / weight[0].numel()) ** 0.5
        made |= {f"{name}.weight": weight, f"{name}.bias": torch.randn(shape[0]) / 10}
    return made | {"upscore2.weight": torch.randn(21, 21, 4, 4)}


def vgg16():
    """Make the weights of a VGG16, by torchvision's names."""
    source, made = fcn8s(), {}
    names = {name: f"features.{at}" for name, at in FEATURES.items()}
    for name, other in (names | {"fc6": "classifier.0", "fc7": "classifier.3"}).items():
        weight = source[f"{name}.weight"]
        made[f"{other}.weight"] = weight.flatten(1) if name.startswith("fc") else weight
        made[f"{other}.bias"] = source[f"{name}.bias"]
    return made | {
        "classifier.6.weight": torch.randn(10, 128),
        "classifier.6.bias": torch.randn(10),
    }


def loaded(path, contents, **arguments):
    """Write a file and let a model start from it."""
    torch.save(contents, path)
    model = RSTN(
        network=NARROW, init_cfg={"type": "Pretrained", "checkpoint": str(path)}, **arguments
    )
    model.init_weights()
    return model


@pytest.mark.parametrize("init", ["published", "he"])
@pytest.mark.parametrize("nested", [None, "state_dict", "model_state_dict"])
@pytest.mark.parametrize("source", [fcn8s, vgg16])
def test_both_networks_get_all_but_the_scores(tmp_path, source, nested, init):
    weights = source()
    model = loaded(tmp_path / "w.pth", {nested: weights} if nested else weights, init=init)
    expected = fcn8s()
    for fcn in (model.network.coarse, model.network.fine):
        for name, layer in fcn.layers().items():
            if name.startswith("score"):
                assert layer.weight.any().item() is (init == "he")
                assert not layer.bias.any()
            else:
                assert torch.equal(layer.weight, expected[f"{name}.weight"])
                assert torch.equal(layer.bias, expected[f"{name}.bias"])


def test_a_connected_layer_becomes_the_same_convolution(tmp_path):
    weights = vgg16()
    fc6 = loaded(tmp_path / "w.pth", weights).network.coarse.layers()["fc6"]
    patch = torch.randn(1, 16, 7, 7)
    expected = linear(
        patch.flatten(1), weights["classifier.0.weight"], weights["classifier.0.bias"]
    )
    torch.testing.assert_close(conv2d(patch, fc6.weight, fc6.bias)[..., 0, 0], expected, **NEAR)


def test_scores_and_upsampling_keep_their_first_weights(tmp_path):
    upscore = loaded(tmp_path / "w.pth", fcn8s()).network.fine.doublings[0].weight
    assert torch.equal(upscore, RSTN(network=NARROW).network.fine.doublings[0].weight)


def test_features_learn_on_top_of_a_file(tmp_path, rstn):
    model = loaded(tmp_path / "w.pth", fcn8s(), init="published", section="S")
    images, labels = rstn.triple(32, 32)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):  # the first one moves the scores away from zero
        optimizer.zero_grad()
        sum(model.loss(images, rstn.samples(labels)).values()).backward()
        optimizer.step()
    assert model.network.coarse.layers()["conv1_1"].weight.grad.any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"conv3_2.weight": torch.zeros(8, 4, 3, 3)}, r"w\.pth: conv3_2\.weight .*\(8, 4, 3, 3\)"),
        ({"fc6.weight": torch.zeros(128, 16)}, r"fc6\.weight .*needs \(128, 16, 7, 7\)"),
        ({"conv1_1.bias": torch.zeros(2, 1)}, r"conv1_1\.bias has the shape \(2, 1\)"),
        ({"conv5_3.weight": None}, r"w\.pth: .*lacks conv5_3\.weight and has conv1_1\.weight"),
    ],
)
def test_files_that_do_not_fit_are_named(tmp_path, change, message):
    weights = {key: value for key, value in (fcn8s() | change).items() if value is not None}
    with pytest.raises(ValueError, match=message):
        loaded(tmp_path / "w.pth", weights)


def test_batch_normalised_vgg16_is_not_taken_for_a_plain_one(tmp_path):
    shifted = {f"features.{3 * n}.weight": torch.zeros(2, 3, 3, 3) for n in range(13)}
    with pytest.raises(ValueError, match=r"lacks features\.0\.bias"):
        loaded(tmp_path / "w.pth", shifted)


@pytest.mark.parametrize("contents", [[torch.zeros(2)], {}, {"state_dict": 3}])
def test_files_without_weights_are_refused(tmp_path, contents):
    with pytest.raises(ValueError, match=r"w\.pth: expected"):
        loaded(tmp_path / "w.pth", contents)


class Trap:
    """Says so when a file makes it."""

    sprung = False

    def __reduce__(self):
        return setattr, (Trap, "sprung", True)


def test_files_never_run_code(tmp_path):
    with pytest.raises(ValueError, match="tensors and plain values"):
        loaded(tmp_path / "w.pth", {"conv1_1.weight": Trap()})
    (tmp_path / "p.pth").write_bytes(pickle.dumps(Trap()))
    model = RSTN(
        init_cfg={"type": "Pretrained", "checkpoint": str(tmp_path / "p.pth")}, network=NARROW
    )
    with pytest.raises(ValueError, match="tensors and plain values"):
        model.init_weights()
    assert not Trap.sprung


def test_a_missing_file_is_named(tmp_path):
    path = str(tmp_path / "nowhere.pth")
    model = RSTN(network=NARROW, init_cfg={"type": "Pretrained", "checkpoint": path})
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pth"):
        model.init_weights()


def test_a_file_that_does_not_fit_changes_no_weight(tmp_path):
    model = RSTN(network=NARROW)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    torch.save(fcn8s() | {"fc7.bias": torch.zeros(3)}, tmp_path / "w.pth")
    with pytest.raises(ValueError, match=r"fc7\.bias"):
        load_pretrained(model.network, tmp_path / "w.pth")
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
