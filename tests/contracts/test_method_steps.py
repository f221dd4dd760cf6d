"""One step of each method on each family of models that learns in several label spaces."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from inspect import signature
from pathlib import Path

import pytest
import torch
import yaml
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import nn

from ssl_seg.core.errors import UserError
from ssl_seg.models.mixed_space import check_heads
from ssl_seg.registry import METHODS
from ssl_seg.runner import models
from ssl_seg.runner.loop import learn, step_of
from ssl_seg.runner.networks import networks_of, set_modes, trained_companions
from ssl_seg.runner.optimiser import build_optimiser

HEADS = yaml.safe_load((Path(__file__).parents[1] / "support/heads.yaml").read_text())
CASCADE = "CascadeEncoderDecoder"
OPTIMISER = {"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 0.01}}
FAMILIES = [*(HEADS.keys() - {"DMHead", "OCRHead"}), CASCADE]
"""OCRHead works in a cascade alone, and DMHead on no model whose memory format is channels-last."""

REFUSED = {("DPTHead", "UniMatch"), ("DPTHead", "UniMatchV2")}
"""Channels cannot be dropped of the pairs of map and class token that this head takes."""

KINDS = ("labeled", "labeled", "pseudo", "unlabeled", "unlabeled")
COUNT = 3

each_method = pytest.mark.parametrize("name", METHODS.names())


class Levels(nn.Module):
    """A backbone of one convolution, which gives each head the four levels that it asks for."""

    def __init__(self, pairs=False):
        super().__init__()
        self.convolution = nn.Conv2d(3, 8, 3, padding=1)
        self._pairs = pairs

    def forward(self, pictures):
        levels = (self.convolution(pictures),) * 4
        return tuple([level, None] for level in levels) if self._pairs else levels


def config_of(family):
    """Return the config of a tiny model of a family: one head, or a cascade of two."""
    loss = {"type": "CrossEntropyLoss", "avg_non_ignore": True}
    common = {"num_classes": COUNT, "dropout_ratio": 0, "loss_decode": loss}
    heads = {name: {"type": name, **common, **arguments} for name, arguments in HEADS.items()}
    heads["LRASPPHead"]["branch_channels"] = (4, 4)  # a list is refused
    shared = {
        "type": "EncoderDecoder",
        "backbone": {"type": Levels, "pairs": family == "DPTHead"},
        "data_preprocessor": {"type": "SegDataPreProcessor", "size_divisor": 1},
    }
    if family != CASCADE:
        return {**shared, "decode_head": heads[family]}
    return {
        **shared,
        "type": CASCADE,
        "num_stages": 2,
        "decode_head": [heads["FCNHead"], heads["OCRHead"]],
        "auxiliary_head": heads["FCNHead"],
    }


@cache
def model_of(family):
    """Build a family's model once."""
    torch.manual_seed(0)
    return models.build(config_of(family))


def batch(method, kinds=KINDS, side=16):
    """Make a batch as the loader collates it, with the copies that a method wants."""
    generator = torch.Generator().manual_seed(0)
    pictures, samples = [], []
    for number, kind in enumerate(kinds):
        mask = torch.randint(0, COUNT, (1, side, side), generator=generator)
        mask = mask * (kind != "unlabeled")
        mask[..., :2] = 255
        for copy in range(len(method.copies.get(kind, ("weak",)))):
            sample = SegDataSample(gt_sem_seg=PixelData(data=mask.clone()))
            meta = {"source": kind, "copy": copy, "case": str(number), "space": "three"}
            sample.set_metainfo({**meta, "img_shape": (side, side)})
            samples.append(sample)
            pictures.append(torch.randn(3, side, side, generator=generator))
    return {"inputs": pictures, "data_samples": samples}


def kinds_of(method):
    return tuple(kind for kind in KINDS if kind in method.kinds)


@each_method
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_step_moves_what_is_trained_and_nothing_else(family, name):
    method = METHODS.build({"type": name})
    networks = networks_of(method, deepcopy(model_of(family)))
    check_heads(networks["student"])
    set_modes(networks, method)
    before = {key: deepcopy(network.state_dict()) for key, network in networks.items()}
    trained = trained_companions(networks, method)
    optimiser = build_optimiser(networks["student"], trained, OPTIMISER)
    side = 56 if family == "LRASPPHead" else 16  # it pools over 49 x 49
    step = step_of(batch(method, kinds_of(method), side), 1, 10, networks)
    torch.manual_seed(0)

    if (family, name) in REFUSED:
        with pytest.raises(UserError, match="one of plain maps, or another method"):
            learn(method, step, optimiser)
        return
    losses = learn(method, step, optimiser)

    assert all(torch.as_tensor(value).isfinite().all() for value in losses.values())
    for key, network in networks.items():
        own = network in (networks["student"], *trained)
        assert network.training is own
        if not own:
            assert all(w.grad is None and not w.requires_grad for w in network.parameters())
        weights = network.named_parameters()
        moved = any(not torch.equal(weight, before[key][at]) for at, weight in weights)
        assert moved or not own, key


def gradients(method, kinds):
    """Return the student's gradients of all losses of a batch, without batch normalisation."""
    student = deepcopy(model_of("FCNHead"))
    networks = networks_of(method, student)
    set_modes(networks, method)
    step = step_of(batch(method, kinds), 9, 10, networks)
    torch.manual_seed(0)
    losses = method.losses(step)
    sum(value for key, value in losses.items() if "loss" in key).backward()
    return [weight.grad for weight in student.parameters()]


@pytest.mark.parametrize(
    "name", [n for n in METHODS.names() if "weight" in signature(METHODS.get(n)).parameters]
)
def test_without_weight_it_learns_as_supervised_from_the_same_labeled_samples(name):
    # Else no pixel of an untrained network would count, whatever the weight.
    sure = {"threshold": 0.0} if "threshold" in signature(METHODS.get(name)).parameters else {}
    without, usual = (
        METHODS.build({"type": name, **sure, **weight}) for weight in ({"weight": 0.0}, {})
    )
    kinds = kinds_of(usual)
    labeled = tuple(kind for kind in kinds if kind != "unlabeled")
    expected = gradients(METHODS.build({"type": "Supervised"}), labeled)
    assert alike(gradients(without, kinds), expected)
    assert not alike(gradients(usual, kinds), expected)


def alike(some, others):
    pairs = zip(some, others, strict=True)
    return all(torch.allclose(one, other, atol=1e-6) for one, other in pairs)
