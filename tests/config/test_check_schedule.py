"""A schedule lasts as long as the training, in the config and in each overlay."""

from __future__ import annotations

import pytest

from ssl_seg.config import check_schedule
from ssl_seg.config.check import checked
from ssl_seg.core.errors import UserError


def check(schedules):
    """Check schedules of a training of 100 iterations."""
    config = {"train_cfg": {"max_iters": 100}, "param_scheduler": schedules}
    check_schedule.check_schedule(config, "")


def entry(kind, **others):
    return {"type": kind, "by_epoch": False, **others}


@pytest.mark.parametrize(
    "schedules",
    [
        [],
        [entry("PolyLR")],
        [entry("PolyLR", end=100)],
        [entry("PolyLR", end=200)],
        [entry("LinearLR", end=10)],
        [entry("ConstantLR", end=10)],
        [entry("LinearLR", start_factor=0.01, end=10), entry("CosineAnnealingLR", begin=10)],
        [entry("PolyLR", end=60), entry("ConstantLR", factor=1, begin=60, end=100)],
        [entry("PolyLR", end=60), entry("PolyLR", begin=60)],
        [entry("OneCycleLR", eta_max=0.1, total_steps=100)],
        [entry("CosineRestartLR", periods=[40, 50], restart_weights=[1, 1], begin=10)],
        [entry("CosineRestartLR", periods=[100], restart_weights=[1], end=200)],
    ],
)
def test_fitting_ones_pass(schedules):
    check(schedules)


@pytest.mark.parametrize(
    "kind",
    ["PolyLR", "StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR", "CosineRestartLR"],
)
def test_a_decay_that_ends_before_the_training_is_refused(kind):
    message = rf"learning rate is scheduled up to iteration 60 \({kind}\), but .*max_iters is 100"
    with pytest.raises(UserError, match=message):
        check([entry("LinearLR", end=10), entry(kind, end=60)])


def test_so_is_a_linear_one():
    with pytest.raises(UserError, match="up to iteration 60"):
        check([entry("LinearLR", start_factor=1, end_factor=0, end=60)])


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({"type": "OneCycleLR", "total_steps": 60}, r"total_steps are 60 .* runs for 100"),
        ({"type": "CosineRestartLR", "periods": [40, 20]}, r"periods are 60 .* runs for 100"),
        ({"type": "CosineRestartLR", "periods": [60], "begin": 20}, r"60 .* runs for 80"),
    ],
)
def test_so_is_one_whose_own_length_is_less(schedule, message):
    with pytest.raises(UserError, match=rf"^param_scheduler\[0\] .*{message}"):
        check([entry(**{"kind": schedule.pop("type"), **schedule})])


def test_each_value_has_a_schedule_of_its_own():
    schedules = [entry("PolyLR", end=100), entry("CosineAnnealingMomentum", end=99)]
    with pytest.raises(UserError, match="the momentum is scheduled up to iteration 99"):
        check(schedules)


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ({"begin": 50, "end": 50}, r"\[0\] \(PolyLR\): begins at iteration 50, but ends at 50;"),
        ({"begin": 60, "end": 50}, "begins at iteration 60, but ends at 50;"),
        ({"begin": 100}, "begins at iteration 100, but ends at 100, where the training does"),
        ({"end": "50"}, r"param_scheduler\[0\]\.end: expected a whole number of iterations"),
        ({"begin": -1}, r"param_scheduler\[0\]\.begin: expected a whole number of iterations"),
    ],
)
def test_an_end_lies_behind_its_begin(span, message):
    with pytest.raises(UserError, match=message):
        check([entry("PolyLR", **span)])


@pytest.mark.parametrize("kind", ["roles", "sections"])
def test_overlays_are_checked_by_what_they_make_of_the_config(tiny, data, kind):
    name = {"roles": "student", "sections": "S"}[kind]
    longer = {kind: {name: {"train_cfg": {"max_iters": 9}}}}
    with pytest.raises(UserError, match=rf"^{kind}\.{name}\.param_scheduler: .*up to iteration 8 "):
        checked(tiny.settings(data, longer))
    both = {"train_cfg": {"max_iters": 9}, "param_scheduler": [entry("PolyLR", end=9)]}
    checked(tiny.settings(data, {kind: {name: both}}))
