"""Supervised learning is the model's own training step."""

from __future__ import annotations

import pytest
import torch
from mmengine.optim import OptimWrapper
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from ssl_seg.methods import Supervised
from ssl_seg.methods.step import STUDENT
from ssl_seg.runner import models
from ssl_seg.runner.loop import step_of


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    samples = []
    for _ in range(2):
        mask = torch.randint(0, 3, (1, 24, 32), generator=generator)
        samples.append(SegDataSample(gt_sem_seg=PixelData(data=mask)))
        samples[-1].set_metainfo({"img_shape": (24, 32), "ori_shape": (24, 32)})
    images = torch.randint(0, 256, (2, 3, 24, 32), dtype=torch.uint8, generator=generator)
    return {"inputs": list(images), "data_samples": samples}


@pytest.fixture
def student(tiny, tmp_path):
    def build():
        torch.manual_seed(0)
        made = models.build(tiny.settings(tmp_path)["model"])
        made.init_weights()
        return made.train()

    return build


def test_its_losses_move_the_weights_as_mmengine_s_train_step_does(student, batch):
    ours, theirs = student(), student()
    wrapper = OptimWrapper(torch.optim.SGD(ours.parameters(), lr=0.1))
    torch.manual_seed(1)
    total, _ = ours.parse_losses(Supervised().losses(step_of(batch, 0, 1, {STUDENT: ours})))
    wrapper.update_params(total)
    torch.manual_seed(1)
    theirs.train_step(batch, OptimWrapper(torch.optim.SGD(theirs.parameters(), lr=0.1)))
    for one, other in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_the_student_learns_alone():
    assert Supervised().companions == {}
    assert Supervised().published == STUDENT
