"""RSTN as mmengine trains it: losses, where gradients go, and what is refused."""

from __future__ import annotations

import pytest
import torch
from mmengine.optim import OptimWrapper

from ssl_seg.models.rstn import RSTN
from ssl_seg.registry import MODELS
from ssl_seg.runner.models import build


def gradients(model, loss):
    """Return which of the three parts a loss moves."""
    model.zero_grad()
    loss.backward()
    return {
        name
        for name, part in model.network.named_children()
        if any(weight.grad is not None and weight.grad.any() for weight in part.parameters())
    }


def test_the_losses_are_a_third_and_two_thirds(rstn):
    model, (images, labels) = rstn.made(section="J").eval(), rstn.triple()
    losses = model.loss(images, rstn.samples(labels))
    expected = []
    for probability in model.network(images, labels, "J"):
        p, y = probability.double(), labels.double()
        expected.append(1 - (2 * (p * y).sum() + 1e-6) / ((p + y).sum() + 1e-6))
    assert list(losses) == ["loss_coarse", "loss_fine"]
    assert losses["loss_coarse"].item() == pytest.approx(expected[0].item() / 3, rel=1e-5)
    assert losses["loss_fine"].item() == pytest.approx(expected[1].item() * 2 / 3, rel=1e-5)


@pytest.mark.parametrize(
    ("section", "parts"),
    [("S", {"fine"}), ("I", {"coarse", "saliency", "fine"}), ("J", {"coarse", "saliency", "fine"})],
)
def test_where_the_fine_loss_goes(rstn, section, parts):
    # The transformation of this version starts with weights, so it passes gradients on at once.
    model, (images, labels) = rstn.made(section=section, release="caffe_v2"), rstn.triple()
    assert gradients(model, model.loss(images, rstn.samples(labels))["loss_fine"]) == parts
    assert gradients(model, model.loss(images, rstn.samples(labels))["loss_coarse"]) == {"coarse"}


def test_the_last_transformation_starts_to_learn_by_itself(rstn):
    model, (images, labels) = rstn.made(section="I", release="pytorch"), rstn.triple()
    model.loss(images, rstn.samples(labels))["loss_fine"].backward()
    saliency = model.network.saliency
    assert saliency.output.weight.grad.any()
    assert not saliency.hidden.weight.grad.any()


def test_boxes_pass_no_gradient(rstn):
    """In section J the coarse network is moved by the fine loss through the weights alone."""
    model, (images, labels) = rstn.made(section="J", release="pytorch"), rstn.triple()
    parts = gradients(model, model.loss(images, rstn.samples(labels))["loss_fine"])
    assert parts == {"saliency", "fine"}  # its weights are zero, so nothing passes them


def test_ignored_pixels_move_nothing(rstn):
    model, (images, labels) = rstn.made(section="S").eval(), rstn.triple()
    ignored = labels.clone()
    ignored[..., -8:] = 255
    before = model.loss(images, rstn.samples(ignored))["loss_coarse"]
    assert before != model.loss(images, rstn.samples(labels))["loss_coarse"]
    probability = model(images).double()
    p, y = probability[..., :-8], labels[..., :-8].double()
    expected = (1 - (2 * (p * y).sum() + 1e-6) / ((p + y).sum() + 1e-6)) / 3
    assert before.item() == pytest.approx(expected.item(), rel=1e-5)


def test_each_class_has_a_loss_of_its_own(rstn):
    model, (images, labels) = rstn.made(num_classes=3).eval(), rstn.triple()
    labels[:, :, :6, :6] = 2
    losses = model.loss(images, rstn.samples(labels))
    parts = []
    for number, p in enumerate(model(images).double().split(3, dim=1), start=1):
        y = (labels == number).double()
        parts.append(1 - 2 * (p * y).sum() / (p + y).sum())
    assert losses["loss_coarse"].item() == pytest.approx(sum(parts).item() / 6, rel=1e-5)


def trained(rstn, seed):
    """Train a few steps with dropout and random margins; return losses and weights."""
    model = rstn.made(seed=seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    images, labels = rstn.triple()
    totals = []
    for section in "SIJ":
        model.section = section
        total = sum(model.loss(images, rstn.samples(labels)).values())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        totals.append(total.item())
    return totals, model.state_dict()


def test_a_seed_decides_the_training(rstn):
    (first, weights), (again, same), (other, _) = (trained(rstn, seed) for seed in (5, 5, 6))
    assert first == again != other
    assert all(torch.equal(weights[name], same[name]) for name in weights)


def test_without_labels_it_returns_the_coarse_map(rstn):
    model, (images, _) = rstn.made().eval(), rstn.triple()
    assert torch.equal(model(images), model.network.coarse_map(images))
    assert model(images).shape == images.shape


def test_it_trains_as_the_runner_builds_it(rstn):
    config = {
        "type": "RSTN",
        "network": {"base": "tiny", "width": 0.5},
        "section": "S",
        "data_preprocessor": {"type": "SegDataPreProcessor", "mean": [0] * 3, "std": [1] * 3},
    }
    config["data_preprocessor"] |= {"size": (48, 40), "seg_pad_val": 255, "pad_val": 0}
    model = build(config)
    model.init_weights()
    assert type(model) is MODELS.get("RSTN") is RSTN
    sgd = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))
    images, labels = rstn.triple()
    data = {"inputs": list(images), "data_samples": rstn.samples(labels)}
    losses = model.train_step(data, sgd)
    assert set(losses) == {"loss", "loss_coarse", "loss_fine"}
    torch.testing.assert_close(losses["loss"], losses["loss_coarse"] + losses["loss_fine"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"section": "C"}, r"model\.section must be one of S, I, J, got 'C'"),
        ({"init": "hee"}, r"model\.init: there is no 'hee'.*Known: he, published"),
        ({"num_classes": 1}, "at least one foreground class"),
        ({"network": "tinny"}, "no network is named 'tinny'; did you mean 'tiny'"),
        ({"init_cfg": {"type": "Normal"}}, r"model\.init_cfg: RSTN takes .*got \{'type': 'Normal'"),
        ({"init_cfg": {"type": "Pretrained"}}, r"model\.init_cfg: RSTN takes"),
        (
            {"init_cfg": {"type": "Pretrained", "checkpoint": "w", "prefix": "a"}},
            r"model\.init_cfg: RSTN takes .*prefix",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        RSTN(**{"network": "tiny", **arguments})


def test_no_weight_file_leaves_what_was_drawn(rstn):
    # Trained weights are loaded into a model whose weight file is taken out of its config.
    with_none = rstn.made(init_cfg={"type": "Pretrained", "checkpoint": None}).state_dict()
    without = rstn.made().state_dict()
    assert all(torch.equal(with_none[name], without[name]) for name in without)


def test_what_cannot_be_learned_from_is_refused(rstn):
    model, (images, labels) = rstn.made(), rstn.triple()
    samples = rstn.samples(labels)
    with pytest.raises(ValueError, match=r"3 neighbouring slices .*\(1, 1, 48, 40\)"):
        model(images[:, :1], samples, "loss")
    with pytest.raises(ValueError, match=r"shape of an input \(3, 48, 40\); got \(1, 48, 40\)"):
        model(images, rstn.samples(labels[:, :1]), "loss")
    with pytest.raises(ValueError, match=r"got \(3, 47, 40\)"):
        model(images, rstn.samples(labels[:, :, 1:]), "loss")
    with pytest.raises(ValueError, match=r"num_classes is 2, so labels are up to 1, .*got 7"):
        model(images, rstn.samples(labels * 7), "loss")
    with pytest.raises(ValueError, match="no mode 'predict' for 1 samples"):
        model(images, samples, "predict")
    with pytest.raises(ValueError, match="no mode 'loss' for None samples"):
        model(images, mode="loss")
