"""Small networks and batches of all kinds of samples for one step of a method."""

from __future__ import annotations

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from ssl_seg.methods.step import STUDENT
from ssl_seg.runner import models
from ssl_seg.runner.loop import step_of
from ssl_seg.runner.networks import networks_of, set_modes

SIZE = (24, 32)


@pytest.fixture
def student(tiny, tmp_path):
    """Build the tiny network without dropout, with the same weights at every call."""

    def build(seed=0):
        torch.manual_seed(seed)
        config = tiny.settings(tmp_path, {"model.decode_head.dropout_ratio": 0.0})["model"]
        made = models.build(config)
        # Far enough from zero that predictions differ from pixel to pixel.
        torch.nn.init.normal_(made.decode_head.conv_seg.weight, std=1.0)
        return made.train()

    return build


@pytest.fixture
def batch():
    """Make a batch as the loader collates it: 2 labeled samples, then unlabeled ones in copies."""

    def make(*, unlabeled=2, copies=2, pseudo=0, classes=3, ignored=3):
        generator = torch.Generator().manual_seed(1)
        kinds = [("labeled", 0)] * 2 + [("pseudo", 0)] * pseudo
        kinds += [("unlabeled", copy) for _ in range(unlabeled) for copy in range(copies)]
        pictures, samples = [], []
        for number, (source, copy) in enumerate(kinds):
            mask = torch.randint(0, classes, (1, *SIZE), generator=generator)
            if source == "unlabeled":
                mask = torch.zeros_like(mask)
            mask[:, :, :ignored] = 255
            sample = SegDataSample(gt_sem_seg=PixelData(data=mask))
            sample.set_metainfo(
                {"source": source, "copy": copy, "case": str(number), "img_shape": SIZE}
            )
            samples.append(sample)
            pictures.append(
                torch.randint(0, 256, (3, *SIZE), dtype=torch.uint8, generator=generator)
            )
        return {"inputs": pictures, "data_samples": samples}

    return make


@pytest.fixture
def step(student):
    """Return a step of a method on a batch, companions with the student's weights or their own."""

    def make(method, batch, *, iteration=0, iterations=10):
        networks = networks_of(method, student())
        for number, (name, companion) in enumerate(method.companions.items(), start=1):
            weights = student(number if companion.weights == "own" else 0).state_dict()
            networks[name].load_state_dict(weights)
        set_modes(networks, method)
        assert networks[STUDENT].training
        return step_of(batch, iteration, iterations, networks)

    return make
