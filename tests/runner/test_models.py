"""Weights of another model are refused by name and shape."""

import pytest
import torch

from ssl_seg.core.errors import UserError
from ssl_seg.runner import models

WEIGHT = "decode_head.conv_seg.weight"


@pytest.fixture
def settings(tiny, data):
    return tiny.settings(data)["model"]


@pytest.fixture
def state(settings):
    return dict(models.build(settings).state_dict())


def test_weights_with_and_without_meta_are_loaded(settings, state, tmp_path):
    for name, content in (("with", {"state_dict": state, "meta": {}}), ("without", state)):
        torch.save(content, tmp_path / name)
        assert models.trained(settings, tmp_path / name).state_dict().keys() == state.keys()


def test_what_does_not_fit_is_named(settings, state, tmp_path):
    shape = tuple(state[WEIGHT].shape)
    state[WEIGHT] = torch.zeros(19, *shape[1:])
    state["other.weight"] = state.pop("decode_head.conv_seg.bias")
    path = tmp_path / "model.pth"
    torch.save({"state_dict": state}, path)
    with pytest.raises(UserError) as raised:
        models.trained(settings, path)
    assert str(raised.value).startswith(
        f"{path}: these are not weights of the config's model: it lacks decode_head.conv_seg.bias; "
        f"it has besides other.weight; it has in other shapes {WEIGHT} {(19, *shape[1:])} instead "
        f"of {shape}; name the config"
    )


def test_a_file_of_anything_else_is_refused(settings, tmp_path):
    torch.save(torch.zeros(3), tmp_path / "tensor.pth")
    with pytest.raises(UserError, match=r"tensor\.pth: expected a dict of weights, got Tensor"):
        models.trained(settings, tmp_path / "tensor.pth")
    torch.save({"state_dict": [1]}, tmp_path / "list.pth")
    with pytest.raises(UserError, match=r"list\.pth: expected a dict of weights, got list"):
        models.trained(settings, tmp_path / "list.pth")
