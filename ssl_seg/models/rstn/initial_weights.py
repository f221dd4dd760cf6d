"""The weights that RSTN starts from without a weight file, and under one."""

from __future__ import annotations

from functools import partial
from math import sqrt

import torch
from torch import nn

from ssl_seg.core.errors import UserError
from ssl_seg.models.rstn.fcn import FCN
from ssl_seg.models.rstn.network import RSTNetwork
from ssl_seg.models.rstn.release import caffe_xavier_, draw_
from ssl_seg.registry import suggestion

SCORE_STD = 0.01
"""Standard deviation of the weights that score classes."""

INPUT_MEAN, INPUT_STD = 1 / 2, 1 / sqrt(12)
"""Of values that are uniform in [0, 1]."""


def init_weights(network: RSTNetwork, init: str) -> None:
    """Draw all weights that learn, from torch's global generator.

    Args:
        network: changed in place.
        init: a name of `INITIALISATIONS`. With 'he' features keep the variance of images in [0, 1]
            and scores begin near 0, so that all layers learn at once. 'published' fills the FCNs
            with zeros and needs a weight file on top: features of zeros stay zeros.

    Raises:
        UserError: the name is unknown.
    """
    if init not in INITIALISATIONS:
        raise UserError(f"no initialisation is named {init!r}{suggestion(init, INITIALISATIONS)}")
    for fcn in (network.coarse, network.fine):
        INITIALISATIONS[init](fcn)
        if isinstance(fcn.score, nn.Conv2d):
            # The release that ends in this layer draws it, whatever the others start from.
            draw_(fcn.score, caffe_xavier_, (0.0,))
    network.saliency.init_weights()


def is_score(name: str) -> bool:
    """Say whether a layer scores classes, rather than making features."""
    return name.startswith("score")


def _he(fcn: FCN) -> None:
    for name, layer in fcn.layers().items():
        score = partial(nn.init.normal_, std=SCORE_STD)
        make = partial(nn.init.kaiming_normal_, nonlinearity="relu")
        draw_(layer, score if is_score(name) else make, (0.0,))
    _standardise(fcn.layers()["conv1_1"])


@torch.no_grad()
def _standardise(first: nn.Conv2d) -> None:
    """Let a layer take images in [0, 1] as if they had mean 0 and variance 1.

    He's rule is about such inputs. Without it the features say how bright an image is, and hardly
    anything else, for hundreds of iterations.
    """
    first.weight /= INPUT_STD
    if first.bias is not None:
        first.bias.copy_(-INPUT_MEAN * first.weight.sum(dim=(1, 2, 3)))


def _zeros(fcn: FCN) -> None:
    for layer in fcn.layers().values():
        draw_(layer, nn.init.zeros_, (0.0,))


INITIALISATIONS = {"he": _he, "published": _zeros}
"""For each name what draws the weights of an FCN."""
