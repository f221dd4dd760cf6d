"""Errors of other packages become messages; faults of this one keep their traces."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ssl_seg.core.errors import UserError
from ssl_seg.runner.failures import explained, naming_known_causes


def raised(action):
    """Return the error that an action raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever other packages raise
        action()
    return caught.value


CAUSES = {
    "one value": (
        lambda: nn.BatchNorm2d(2)(torch.zeros(1, 2, 1, 1)),
        "batch_size to 2 or more",
    ),
    "channels": (
        lambda: nn.Conv2d(3, 1, 1)(torch.zeros(1, 4, 2, 2)),
        "Channels do not fit",
    ),
    "too small": (
        lambda: nn.Conv2d(1, 1, 3)(torch.zeros(1, 1, 2, 2)),
        "too small for the network",
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_a_known_cause_has_a_remedy(name):
    action, remedy = CAUSES[name]
    found = explained(raised(action), "train initial", "a training step")
    assert isinstance(found, UserError)
    assert str(found).startswith("train initial: a training step fails: ")
    assert remedy in str(found)


def test_an_unknown_one_is_told_as_it_is():
    error = raised(lambda: nn.Linear(2, 2)(torch.zeros(1, 3)))
    said = str(explained(error, "train initial", "a training step"))
    assert said.startswith("train initial: a training step fails: RuntimeError: mat1 and mat2")


def test_a_message_for_the_user_gets_the_stage_in_front():
    found = explained(UserError("mend this"), "label 3 cases", "labelling")
    assert str(found) == "label 3 cases: mend this"


def test_a_fault_of_this_program_or_a_plug_in_stays_what_it_is():
    error = raised(lambda: {}["nothing"])
    assert explained(error, "train initial", "a training step") is error
    assert error.__notes__ == ["This happened in a training step of the stage 'train initial'."]


def test_while_a_stage_runs_only_known_causes_become_messages():
    def halve():
        with naming_known_causes("labelling"):
            nn.Conv2d(1, 1, 3)(torch.zeros(1, 1, 2, 2))

    def multiply():
        with naming_known_causes("labelling"):
            nn.Linear(2, 2)(torch.zeros(1, 3))

    with pytest.raises(UserError, match=r"^labelling fails: .*too small for the network"):
        halve()
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        multiply()
