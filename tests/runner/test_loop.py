"""An iteration depends on the state before it and the seed, on nothing that went on around it."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import ClassVar

import pytest
import torch
from torch import nn

from ssl_seg.methods.step import STUDENT
from ssl_seg.runner.loop import SeededLoop

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


class Drawing:
    """A method that notes what each iteration draws."""

    companions: ClassVar = {}

    def __init__(self):
        self.drawn = []

    def losses(self, step):
        self.drawn.append(float(torch.rand(())))
        return {"loss": step.student.weight.sum()}

    def after_step(self, step):
        pass


class Student(nn.Linear):
    """As little of a segmentor as the loop asks for."""

    def data_preprocessor(self, batch, training):
        return {"inputs": batch, "data_samples": []}

    def parse_losses(self, losses):
        return losses["loss"], losses


def drawn(seed, iterations=3):
    """Return what iterations of a training draw."""
    method, student = Drawing(), Student(1, 1)
    wrapper = SimpleNamespace(optim_context=nullcontext, update_params=lambda loss: None)
    runner = SimpleNamespace(
        model=student,
        networks={STUDENT: student},
        method=method,
        optim_wrapper=wrapper,
        call_hook=lambda *_, **__: None,
    )
    batches = torch.zeros(iterations, 1, 3, 2, 2)
    SeededLoop(runner, lambda start: batches[start:], max_iters=iterations, seed=seed).run()
    return method.drawn


def test_each_iteration_draws_anew_and_as_its_seed_says():
    assert len(set(drawn(0) + drawn(1))) == 6
    torch.rand(7)
    assert drawn(0) == drawn(0)
