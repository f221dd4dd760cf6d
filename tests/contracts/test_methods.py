"""What every method must keep; and that the house has room for one with a network of its own."""

from __future__ import annotations

import io

import pytest
import torch

from ssl_seg.core.stage import SourceKind
from ssl_seg.registry import METHODS

AVERAGE = '''
"""Learns as ever, and follows the student by an average that becomes the model."""

from copy import deepcopy

import torch

from ssl_seg.registry import METHODS


@METHODS.register_module()
class Average:
    kinds = frozenset({"labeled", "pseudo"})
    published = "average"

    def __init__(self, *, decay):
        self.decay = decay

    def networks(self, student):
        return {"average": deepcopy(student).eval()}

    def losses(self, step):
        return step.student(**step.student.data_preprocessor(step.batch, True), mode="loss")

    @torch.no_grad()
    def after_step(self, step):
        pairs = zip(
            step.networks["average"].state_dict().values(),
            step.student.state_dict().values(),
        )
        for mean, value in pairs:
            if value.is_floating_point():
                mean.lerp_(value, 1 - self.decay)
'''

CHANGES = {"custom_imports": ["average.py"], "scheduler": {"type": "STSO", "generations": 1}}


@pytest.mark.parametrize("name", METHODS.names())
def test_a_method_says_what_it_learns_from_and_what_it_publishes(name):
    method = METHODS.build({"type": name})
    assert set() < method.kinds <= set(SourceKind.__args__)
    assert "labeled" in method.kinds
    assert isinstance(method.published, str)


FOLLOWED = {"type": "Average", "decay": 0.9}


@pytest.fixture(scope="module")
def train(tiny, command, data, tmp_path_factory):
    """Return a function that runs an experiment of one method and returns all its models."""
    folder = tmp_path_factory.mktemp("methods")
    (folder / "average.py").write_text(AVERAGE)

    def run(name, method, *, kill_at=None):
        config = tiny.config(folder / "tiny.py", data, {**CHANGES, "method": method})
        done = command.train(config, folder / name, kill_at=kill_at)
        assert done.status == (-9 if kill_at else 0), done.output
        models = sorted((folder / name).glob("artifacts/*/model.pth"))
        return done, [path.read_bytes() for path in models]

    return run


@pytest.fixture(scope="module")
def plain(train):
    """The models of a run that names no method."""
    return train("plain", None)[1]


@pytest.fixture(scope="module")
def averaged(train):
    """The events and the models of a run whose averages are published."""
    done, models = train("averaged", FOLLOWED)
    return done.events, models


def weights(models):
    """Return the last layer's offsets of each model, in an order that names do not decide."""
    states = (torch.load(io.BytesIO(m), weights_only=True)["state_dict"] for m in models)
    return sorted(tuple(state["decode_head.conv_seg.bias"].tolist()) for state in states)


def test_without_a_method_is_supervised(train, plain):
    _, named = train("named", {"type": "Supervised"})
    assert weights(plain) == weights(named)


def test_a_followed_student_is_the_student(train, plain):
    """Decay 0 copies it, whatever the average is called."""
    _, followed = train("followed", {"type": "Average", "decay": 0.0})
    assert weights(followed) == weights(plain)


def test_the_published_network_is_the_one_that_the_method_names(plain, averaged):
    _, models = averaged
    assert set(weights(plain)).isdisjoint(weights(models))


@pytest.mark.parametrize("iteration", [1, 2, 3])
def test_a_further_network_survives_a_kill(train, averaged, iteration):
    events, models = averaged
    stage = next(event["stage"] for event in events if event["kind"] == "train")
    name = f"killed{iteration}"
    train(name, FOLLOWED, kill_at=(stage, iteration, "advance"))
    assert train(name, FOLLOWED)[1] == models
