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


@pytest.fixture
def train(tiny, command, data, tmp_path):
    """Return a function that runs an experiment of one method and returns all its models."""
    (tmp_path / "average.py").write_text(AVERAGE)

    def run(name, method, *, kill_at=None):
        config = tiny.config(tmp_path / "tiny.py", data, {**CHANGES, "method": method})
        done = command.train(config, tmp_path / name, kill_at=kill_at)
        assert done.status == (-9 if kill_at else 0), done.output
        models = sorted((tmp_path / name).glob("artifacts/*/model.pth"))
        return done, [path.read_bytes() for path in models]

    return run


def weights(models):
    """Return the last layer's offsets of each model, in an order that names do not decide."""
    states = (torch.load(io.BytesIO(m), weights_only=True)["state_dict"] for m in models)
    return sorted(tuple(state["decode_head.conv_seg.bias"].tolist()) for state in states)


def test_without_a_method_is_supervised(train):
    _, absent = train("absent", None)
    _, named = train("named", {"type": "Supervised"})
    assert weights(absent) == weights(named)


def test_a_followed_student_is_the_student(train):
    """Decay 0 copies it, whatever the average is called."""
    _, plain = train("plain", None)
    _, followed = train("followed", {"type": "Average", "decay": 0.0})
    assert weights(followed) == weights(plain)


def test_the_published_network_is_the_one_that_the_method_names(train):
    _, plain = train("plain", None)
    _, averaged = train("averaged", {"type": "Average", "decay": 0.9})
    assert set(weights(plain)).isdisjoint(weights(averaged))


@pytest.mark.parametrize("iteration", [1, 2, 3])
def test_a_further_network_survives_a_kill(train, iteration):
    method = {"type": "Average", "decay": 0.9}
    whole, models = train("whole", method)
    stage = next(event["stage"] for event in whole.events if event["kind"] == "train")
    train("killed", method, kill_at=(stage, iteration, "advance"))
    assert train("killed", method)[1] == models
