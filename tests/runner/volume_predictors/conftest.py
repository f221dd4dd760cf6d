"""Made-up NIfTI volumes, and networks small enough to know what they say of them."""

from __future__ import annotations

from hashlib import sha256

import nibabel
import numpy as np
import pytest
import torch
from mmengine.model import BaseModule

from ssl_seg.core.case import Case, DataFile
from ssl_seg.media.volumes.cache import VolumeCache
from ssl_seg.media.volumes.working_grid import WorkingGrid
from ssl_seg.registry import MODELS
from ssl_seg.runner import models

SHAPE = (9, 11, 7)  # x, y, z


@MODELS.register_module(name="ThroughForVolumePredictors")
class Through(BaseModule):
    """A backbone that changes nothing."""

    def forward(self, inputs):
        return (inputs,)


class MadeUpVolumes:
    """Draws volumes, and lays them out as files have them."""

    shape = SHAPE

    def voxels(self, shape=SHAPE, seed=0):
        """Draw CT-like values, canonical (x, y, z)."""
        return np.random.default_rng(seed).integers(-150, 300, shape).astype(np.int16)

    def affine(self, order, signs, *, spacing=(0.8, 1.1, 2.0), angle=0.0):
        """Return the affine of a file whose axis i runs along body axis order[i], signs[i] ways."""
        affine = np.eye(4)
        affine[:3, :3] = 0
        for axis, (body, sign) in enumerate(zip(order, signs, strict=True)):
            affine[body, axis] = sign * spacing[body]
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        affine[:2, :3] = turn @ affine[:2, :3]
        affine[:3, 3] = (-30, 12.5, 400)
        return affine

    def natively(self, canonical, order, signs):
        """Return canonical voxels in the order of such a file."""
        return canonical.transpose(order)[tuple(slice(None, None, sign) for sign in signs)]


@pytest.fixture
def volumes():
    """Draws volumes."""
    return MadeUpVolumes()


@pytest.fixture
def case(tmp_path):
    """Return a function that writes a volume and returns its case."""

    def write(native, affine=None, name="volume.nii.gz"):
        affine = np.diag((0.8, 1.1, 2.0, 1.0)) if affine is None else affine
        path = tmp_path / name
        nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(native), affine), path)
        digest = sha256(path.read_bytes()).hexdigest()
        return Case(path.name.partition(".")[0], DataFile(str(path), digest), None, "g", "volumes")

    return write


@pytest.fixture
def cache(tmp_path):
    """Return a function that makes the cache for a slice spacing."""

    def make(spacing=None):
        return VolumeCache(tmp_path / "cache", WorkingGrid(spacing))

    return make


@pytest.fixture
def pointwise():
    """Return a function that makes a segmentor whose logits are a known function of one slice.

    The foreground classes' logits are slope · (value - threshold), with values in [0, 1]; that of
    the background is 0.
    """

    def make(slopes, thresholds, *, place=1, sigmoid=None, **preprocessor):
        outputs = 1 if sigmoid is not None else len(slopes) + 1
        head = {
            "type": "FCNHead",
            "in_channels": 3,
            "channels": 3,
            "num_convs": 0,
            "concat_input": False,
            "num_classes": len(slopes) + 1,
            "dropout_ratio": 0,
            "loss_decode": {
                "type": "CrossEntropyLoss",
                "use_sigmoid": sigmoid is not None,
                "avg_non_ignore": True,
            },
        }
        if sigmoid is not None:
            head |= {"out_channels": 1, "threshold": sigmoid}
        model = models.build(
            {
                "type": "EncoderDecoder",
                "data_preprocessor": {"type": "SegDataPreProcessor", **preprocessor},
                "backbone": {"type": "ThroughForVolumePredictors"},
                "decode_head": head,
                "test_cfg": {"mode": "whole"},
            }
        ).eval()
        layer = model.decode_head.conv_seg
        first = outputs - len(slopes)
        with torch.no_grad():
            layer.weight.zero_()
            layer.bias.zero_()
            for number, (slope, threshold) in enumerate(zip(slopes, thresholds, strict=True)):
                layer.weight[first + number, place] = slope
                layer.bias[first + number] = -slope * threshold
        return model

    return make


@pytest.fixture
def rstn():
    """Return a function that makes a tiny RSTN whose coarse network says lively things."""

    def make(seed, *, classes=1):
        torch.manual_seed(seed)
        model = models.build(
            {
                "type": "RSTN",
                "network": {"base": "tiny", "width": 0.5},
                "num_classes": classes + 1,
                "data_preprocessor": {"type": "SegDataPreProcessor"},
            }
        )
        model.init_weights()
        model.eval()
        enliven(model.network.coarse)
        return model

    return make


@torch.no_grad()
def enliven(network):
    """Spread an FCN's logits around 0, in each channel, whatever was drawn."""
    scores = [layer for name, layer in network.layers().items() if name.startswith("score")]
    for layer in scores:
        torch.nn.init.normal_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    logits = network(torch.rand(16, 3, 12, 12)).transpose(0, 1).flatten(1)
    for layer in scores:
        layer.weight /= logits.std(dim=1)[:, None, None, None]
    network.score_fr.bias -= logits.median(dim=1).values / logits.std(dim=1)
