import pytest
import torch
from torch import nn

from ssl_seg.runner.amp import AmpOptimWrapper

on_a_cpu = pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a GPU")


def wrapper(model, **arguments):
    return AmpOptimWrapper(optimizer=torch.optim.SGD(model.parameters(), lr=0.1), **arguments)


@on_a_cpu
def test_a_cpu_computes_in_bfloat16_and_keeps_float32_weights():
    model = nn.Linear(3, 2)
    made = wrapper(model)
    with made.optim_context(model):
        output = model(torch.ones(1, 3))
    assert output.dtype == torch.bfloat16
    made.update_params(output.float().sum())
    assert model.weight.dtype == torch.float32


@on_a_cpu
def test_the_step_is_the_gradients():
    model = nn.Linear(3, 2)
    before = model.weight.detach().clone()
    wrapper(model).update_params(model(torch.ones(1, 3)).sum())
    assert torch.allclose(model.weight, before - 0.1)


@on_a_cpu
def test_gradients_are_clipped():
    model = nn.Linear(3, 2)
    before = model.weight.detach().clone()
    made = wrapper(model, clip_grad={"max_norm": 0.01})
    made.update_params(model(torch.ones(1, 3)).sum() * 1000)
    assert 0 < (model.weight - before).norm() <= 0.1 * 0.01 + 1e-7


@on_a_cpu
def test_float16_on_a_cpu_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match="needs a GPU; use bfloat16"):
        wrapper(nn.Linear(1, 1), dtype="float16")


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="expected one of bfloat16, float16, got 'fp8'"):
        wrapper(nn.Linear(1, 1), dtype="fp8")


def test_the_state_is_plain_and_comes_back():
    model = nn.Linear(3, 2)
    made = wrapper(model)
    made.update_params(model(torch.ones(1, 3)).sum())
    other = wrapper(model)
    other.load_state_dict(made.state_dict())
    assert other.state_dict() == made.state_dict()
