"""An iteration depends on the state before it and the seed, on nothing that went on around it."""

from __future__ import annotations

import pytest

PLUGIN = '''
"""A head that draws from all generators that models draw from."""

import random

import numpy as np
import torch
from mmseg.models.decode_heads import FCNHead

from ssl_seg.registry import MODELS


@MODELS.register_module()
class RestlessHead(FCNHead):
    def loss_by_feat(self, seg_logits, batch_data_samples):
        factor = 1 + random.random() + np.random.random() + torch.rand(())
        losses = super().loss_by_feat(seg_logits, batch_data_samples)
        return {**losses, "loss_ce": losses["loss_ce"] * factor}
'''


@pytest.fixture
def train(tiny, command, data, tmp_path):
    """Return a function that trains a model which draws random numbers."""
    (tmp_path / "plugin.py").write_text(PLUGIN)

    def trained(name, changes=None, kill_at=None):
        changes = {
            "custom_imports": ["plugin.py"],
            "model.decode_head.type": "RestlessHead",
            # Adam's steps hardly depend on a factor of the loss.
            "optim_wrapper.optimizer": {"type": "SGD", "lr": 0.05},
            "scheduler": {"type": "Supervised"},
            "split.labeled": 10,
            **(changes or {}),
        }
        config = tiny.config(tmp_path / "tiny.py", data, changes)
        return command.train(config, tmp_path / name, kill_at=kill_at)

    return trained


def model(work_dir):
    (path,) = work_dir.glob("artifacts/*/model.pth")
    return path.read_bytes()


def test_what_a_model_draws_does_not_depend_on_loader_workers(train, tmp_path):
    for workers in (0, 2):
        done = train(f"{workers}", {"train_dataloader.num_workers": workers})
        assert done.status == 0, done.output
    assert model(tmp_path / "0") == model(tmp_path / "2")


def test_what_a_model_draws_does_not_depend_on_interruptions(train, tmp_path):
    changes = {"train_dataloader.num_workers": 1}
    whole = train("whole", changes)
    stage = next(event["stage"] for event in whole.events if event["kind"] == "train")
    assert train("killed", changes, kill_at=(stage, 4, "advance")).status == -9
    assert train("killed", changes).status == 0
    assert model(tmp_path / "killed") == model(tmp_path / "whole")


def test_a_resumed_training_reads_no_sample_twice(train, data):
    whole = train("whole")
    noted = [event for event in whole.events if event["kind"] == "train"]
    train("killed", kill_at=(noted[0]["stage"], 4, "advance"))
    resumed = train("killed").events

    def images(events):
        opened = (event["value"] for event in events if event["event"] == "open")
        return [path for path in opened if path.startswith(str(data / "train/images"))]

    in_training = [event for event in resumed if event["kind"] == "train"]
    # The checkpoint after iteration 2 is the newest: iterations 3 and 4 of two samples are left.
    assert images(in_training) == images(noted)[4:]
    assert len(images(noted)) == 8
