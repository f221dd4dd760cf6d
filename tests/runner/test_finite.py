"""What is not finite stops the work with a message, and nobody uses it."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import nn

from ssl_seg.core.errors import UserError
from ssl_seg.core.stage import MODEL_FILE
from ssl_seg.runner import models
from ssl_seg.runner.finite import (
    require_finite_maps,
    require_finite_model,
    require_finite_training,
)
from ssl_seg.store.store import Store

SUPERVISED = {"scheduler": {"type": "Supervised"}}
SGD = {"type": "SGD", "lr": 1e30}
OVERFLOW = {
    "optim_wrapper.optimizer": {"type": "SGD", "lr": 3e38},
    "model.decode_head.loss_decode.loss_weight": 1e4,
}
"""Changes by which the first step's weights are infinite."""


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "work")


@pytest.fixture
def run(tiny, data, store, tmp_path):
    """Return a function that runs the train stage of a changed config, or its first labelling."""

    def run(changes, kind="train"):
        plan = tiny.plan(tiny.config(tmp_path / "tiny.py", data, {**SUPERVISED, **changes}))
        for stage in plan.stages.values():
            tiny.run(stage, store)
            if stage.kind == kind:
                return stage
        raise AssertionError

    return run


def published(store):
    return [path.parent.name for path in store.work_dir.glob(f"artifacts/*/{MODEL_FILE}")]


def test_a_diverged_training_stops_and_names_iteration_part_and_cases(run, store):
    with pytest.raises(UserError) as caught:
        run({"optim_wrapper.optimizer": SGD})
    said = str(caught.value)
    assert re.match(r"iteration 2: the loss is not finite: decode\.loss_ce is (nan|inf); ", said)
    assert re.search(r"cases of the batch: drive\d/\d \(labeled\), drive\d/\d \(labeled\)\. ", said)
    for remedy in ("lower learning rate", "clip_grad", "warm-up"):
        assert remedy in said
    assert "acc_seg" not in said
    assert not published(store)


def test_a_second_call_does_not_take_it_for_done(run, store):
    for _ in range(2):
        with pytest.raises(UserError, match="iteration 2: the loss is not finite"):
            run({"optim_wrapper.optimizer": SGD})
    assert not published(store)


@pytest.mark.parametrize("interval", [1, 100], ids=["checkpoint", "end"])
def test_weights_that_are_not_finite_are_never_saved(run, store, interval):
    """The last step's weights are seen by no loss."""
    with pytest.raises(UserError, match=r"iteration 1: the weights are not finite \(.*weight"):
        run({**OVERFLOW, "train_cfg.max_iters": 1, "default_hooks.checkpoint.interval": interval})
    with pytest.raises(UserError, match=r"iteration [12]: the (weights are|loss is) not finite"):
        run({**OVERFLOW, "train_cfg.max_iters": 3, "default_hooks.checkpoint.interval": interval})
    assert not list(store.work_dir.rglob("*.pth"))


def test_averages_that_are_not_finite_are_not_published(run, store):
    changes = {
        **OVERFLOW,
        "custom_hooks": [{"type": "EMAHook", "momentum": 0.5}],
        "train_cfg.max_iters": 1,
    }
    with pytest.raises(UserError, match="iteration 1: the weights are not finite"):
        run(changes)
    assert not published(store)


@pytest.fixture
def damage(tiny, data, tmp_path):
    """Return a function that writes weights of the tiny model, one of them of a value."""

    def write(value, name="decode_head.conv_seg.weight"):
        state = models.build(tiny.settings(data)["model"]).state_dict()
        state[name].view(-1)[0] = value
        path = tmp_path / "damaged.pth"
        torch.save({"state_dict": state, "meta": {}}, path)
        return path

    return write


VALUES = [float("nan"), float("inf"), -float("inf")]


@pytest.mark.parametrize("value", VALUES)
def test_a_model_of_such_weights_is_not_loaded(tiny, data, damage, value):
    path = damage(value)
    with pytest.raises(UserError, match=r"damaged\.pth: the weights are not finite \(decode_head"):
        models.trained(tiny.settings(data)["model"], path)


def test_statistics_count_too(tiny, data, damage):
    path = damage(float("nan"), "decode_head.convs.0.bn.running_var")
    with pytest.raises(UserError, match=r"not finite \(decode_head\.convs\.0\.bn\.running_var\)"):
        models.trained(tiny.settings(data)["model"], path)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("load_from", r"damaged\.pth: the weights are not finite"),
        ("model.init_cfg", "init_cfg names: the weights are not finite"),
    ],
)
def test_a_training_does_not_start_from_them(run, damage, key, told):
    path = str(damage(float("nan")))
    value = path if key == "load_from" else {"type": "Pretrained", "checkpoint": path}
    with pytest.raises(UserError, match=told):
        run({key: value})


def test_finite_weights_that_predict_nothing_finite_stop_the_labelling(run, store):
    huge = {"optim_wrapper.optimizer": SGD, "train_cfg.max_iters": 1}
    trained = run(huge)
    assert store.has(trained.fingerprint)
    with pytest.raises(UserError, match=r"\.png: what the model predicts is not finite"):
        run(huge, "label")


class Masked(nn.Module):
    """Has a mask as attention modules keep it."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mask", torch.full((3, 3), -float("inf")).triu(1))
        self.weight = nn.Parameter(torch.zeros(3))


def test_a_mask_of_minus_infinity_is_none_of_them():
    model = Masked()
    require_finite_model(model, "file")
    with pytest.raises(UserError, match=r"iteration 7: the weights are not finite \(weight\)\."):
        require_finite_training({"weight": model.weight - np.inf}, model, 7)


def test_a_class_that_cannot_be_is_none_either():
    maps = torch.tensor([[0.0, -float("inf")]])
    require_finite_maps(maps, [])
    with pytest.raises(UserError, match="one: what the model predicts is not finite"):
        require_finite_maps(-maps, [{"img_path": "one"}])
