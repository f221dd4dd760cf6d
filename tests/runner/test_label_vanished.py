"""A label stage names the classes that it has lost."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
import torch

from ssl_seg.runner import label, models
from ssl_seg.store.store import Store


@pytest.fixture(scope="module")
def blind(tiny, data, tmp_path_factory):
    """A store with a model that sees nothing but sky, and its label stage of R."""
    folder = tmp_path_factory.mktemp("blind")
    state = models.build(tiny.settings(data)["model"]).state_dict()
    state["decode_head.conv_seg.weight"].zero_()
    state["decode_head.conv_seg.bias"].copy_(torch.tensor([9.0, 0.0, 0.0]))
    torch.save(state, folder / "sky.pth")
    changes = {
        "scheduler": {"type": "STSO", "generations": 1},
        "load_from": str(folder / "sky.pth"),
        "optim_wrapper.optimizer": {"type": "SGD", "lr": 0.0},
        "train_cfg.max_iters": 1,
    }
    plan = tiny.plan(tiny.config(folder / "tiny.py", data, changes))
    store = Store(folder / "work")
    initial, student = plan.trainings
    tiny.run(initial, store)
    (labeling,) = (stage for stage in plan.labelings if stage.fingerprint in student.inputs)
    return store, labeling


@pytest.fixture
def warnings_of(blind, caplog):
    """Return a function that labels R where the labeled set has the given pixels by class."""

    def run(labeled_pixels):
        store, stage = blind
        # Not published, so that the next call goes on from finished batches.
        running = store.running(stage.fingerprint)
        label.run(replace(stage, labeled_pixels=labeled_pixels), store, running, lambda done: None)
        return [
            record.getMessage()
            for record in caplog.records
            if record.levelno == logging.WARNING and "vanished" in record.getMessage()
        ]

    return run


def test_vanished_classes_are_named_with_both_shares(warnings_of):
    (warning,) = warnings_of((700, 290, 10))
    assert warning == (
        "label 6 cases by initial: 2 of 3 classes have vanished from the pseudo labels: "
        "road (0.000% of the pixels, 29.000% in the labeled set), "
        "car (0.000% of the pixels, 1.000% in the labeled set)"
    )


def test_a_class_that_the_labeled_set_lacks_is_not_missed(warnings_of):
    assert warnings_of((700, 0, 0)) == []


def test_where_the_labeled_set_is_not_known_nothing_is_said(warnings_of):
    assert warnings_of(None) == []
