"""Learning rates and weight decay by group, through mmengine's own builder."""

from __future__ import annotations

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from ssl_seg.models.rstn import RSTN
from ssl_seg.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
from ssl_seg.runner.models import enter_scope

PUBLISHED = {"type": "SGD", "lr": 1e-5, "momentum": 0.99, "weight_decay": 5e-4}


def groups(model, optimizer, **factors):
    """Return for each name of a parameter its group's rate and weight decay."""
    enter_scope()
    built = build_optim_wrapper(
        model,
        {
            "type": "OptimWrapper",
            "optimizer": optimizer,
            "constructor": "RSTNOptimWrapperConstructor",
            "paramwise_cfg": factors or None,
        },
    )
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    rows = [
        (names[id(parameter)], (group["lr"], group["weight_decay"]))
        for group in built.optimizer.param_groups
        for parameter in group["params"]
    ]
    assert len(rows) == len(dict(rows))
    return dict(rows)


@pytest.mark.parametrize("release", ["caffe_v1", "pytorch"])
def test_groups_are_as_published(release):
    with torch.device("meta"):
        model = RSTN(release=release)
    found = groups(model, PUBLISHED)
    learning = {name for name, each in model.named_parameters() if each.requires_grad}
    assert set(found) == learning
    assert len(learning) < len(dict(model.named_parameters()))
    for name, (rate, decay) in found.items():
        expected = 1e-5 if name.startswith("network.coarse.") else 1e-4
        bias = name.endswith(".bias")
        assert rate == pytest.approx(expected * (2 if bias else 1)), name
        assert decay == (0 if bias else 5e-4), name


def test_factors_can_be_others():
    found = groups(RSTN(network="tiny"), PUBLISHED, fine_lr_mult=1.0, bias_lr_mult=3.0)
    assert found["network.fine.score_fr.weight"][0] == pytest.approx(1e-5)
    assert found["network.saliency.output.bias"][0] == pytest.approx(3e-5)


def test_weights_have_the_decay_that_the_optimiser_has_by_itself():
    found = groups(RSTN(network="tiny"), {"type": "AdamW", "lr": 1e-3})
    assert found["network.coarse.score_fr.weight"] == (1e-3, 0.01)
    assert found["network.coarse.score_fr.bias"] == (2e-3, 0)


def test_unknown_factors_are_named():
    with pytest.raises(ValueError, match=r"no 'fine_lr'; did you mean 'fine_lr_mult'"):
        groups(RSTN(network="tiny"), PUBLISHED, fine_lr=2)


def test_a_rate_is_needed():
    with pytest.raises(ValueError, match=r"optimizer\.lr must be given"):
        groups(RSTN(network="tiny"), {"type": "SGD"})


def test_other_models_are_refused():
    with pytest.raises(ValueError, match="for models of type 'RSTN', got Conv2d"):
        groups(nn.Conv2d(1, 1, 1), PUBLISHED)


def test_model_and_constructor_are_found_by_name():
    assert MODELS.get("RSTN") is RSTN
    assert OPTIM_WRAPPER_CONSTRUCTORS.get("RSTNOptimWrapperConstructor") is not None
