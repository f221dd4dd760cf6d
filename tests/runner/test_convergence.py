"""A training whose last losses are too high starts again from other weights."""

from __future__ import annotations

import json
from math import ceil
from statistics import fmean

import pytest
import torch

from ssl_seg.core.stage_config import ConvergenceRule
from ssl_seg.runner.convergence import train_until_converged
from ssl_seg.runner.finite import NotFiniteError
from ssl_seg.store.store import Store

SIGKILLED = -9
ITERATIONS = 4
NEVER = {"mean": -1.0, "least": -1.0, "window": 0.5, "attempts": 3}
ALWAYS = {"mean": 1e9, "least": 1e9, "window": 0.5, "attempts": 3}
STILL = {"optim_wrapper.optimizer": {"type": "SGD", "lr": 0.0}}


class Trained:
    """A work dir in which one model is trained."""

    def __init__(self, config, plan, work_dir):
        self.config = config
        (self.stage,) = plan.trainings
        self.store = Store(work_dir)

    @property
    def said(self):
        return self.store.manifest(self.stage.fingerprint)["description"]

    @property
    def model(self):
        return self.store.path(self.stage.fingerprint) / "model.pth"

    @property
    def weights(self):
        state = torch.load(self.model, weights_only=True)["state_dict"]
        return {name: value for name, value in state.items() if name.endswith("weight")}

    @property
    def losses(self):
        """All losses of all attempts, in order."""
        (folder,) = self.store.work_dir.glob(f"logs/*{self.stage.fingerprint[:8]}")
        logged = sorted(folder.glob("*/vis_data/scalars.json"), key=lambda at: at.stat().st_mtime)
        lines = [line for path in logged for line in path.read_text().splitlines()]
        return [json.loads(line)["loss"] for line in lines]


@pytest.fixture
def written(tiny, data, tmp_path):
    """Return a function that writes a config with a rule."""
    count = iter(range(99))

    def write(rule, **changes):
        folder = tmp_path / str(next(count))
        given = {
            "scheduler": {"type": "Supervised"},
            "train_cfg.max_iters": ITERATIONS,
            "param_scheduler": None,
            "default_hooks.logger.interval": 1,
            "log_processor": {"by_epoch": False, "window_size": 1},
            "convergence": rule,
            **changes,
        }
        config = tiny.config(folder / "tiny.py", data, given)
        return Trained(config, tiny.plan(config), folder / "work")

    return write


@pytest.fixture
def train(written, tiny):
    """Return a function that trains with a rule in this process."""

    def run(rule, **changes):
        trained = written(rule, **changes)
        tiny.run(trained.stage, trained.store)
        return trained

    return run


def test_without_a_rule_a_model_is_trained_once(train):
    trained = train(None)
    assert len(trained.losses) == ITERATIONS
    assert not {"attempts", "converged"} & trained.said.keys()


def test_a_training_that_converges_is_that_without_a_rule(train):
    trained, plain = train(ALWAYS), train(None)
    assert (trained.said["attempts"], trained.said["converged"]) == (1, True)
    assert trained.model.read_bytes() == plain.model.read_bytes()
    assert trained.stage.fingerprint != plain.stage.fingerprint


def test_one_that_never_converges_is_tried_as_often_as_said_and_kept(train, caplog):
    trained = train(NEVER)
    assert (trained.said["attempts"], trained.said["converged"]) == (3, False)
    assert trained.said["iterations"] == ITERATIONS
    assert len(trained.losses) == 3 * ITERATIONS
    assert "attempt 2 of 3 starts from other weights" in caplog.text
    assert "the training has not converged in 3 attempts; it is kept" in caplog.text


def test_each_attempt_starts_from_other_weights(train):
    starts = [train({**NEVER, "attempts": n}, **STILL).weights for n in (1, 2, 3)]
    for number, start in enumerate(starts):
        for other in starts[:number]:
            drawn = [name for name, value in start.items() if value.ndim == 4]
            assert drawn
            assert not any(torch.equal(start[name], other[name]) for name in drawn)


def test_the_first_attempt_that_converges_counts(train):
    losses = train(NEVER).losses
    attempts = [losses[at : at + ITERATIONS] for at in range(0, len(losses), ITERATIONS)]
    means = [fmean(attempt[-2:]) for attempt in attempts]
    wanted = means.index(min(means))
    assert wanted > 0, "another seed must show an attempt that is better than the first"
    others = min(mean for at, mean in enumerate(means) if at != wanted)
    rule = {**NEVER, "mean": (means[wanted] + others) / 2, "least": 1e9}
    trained = train(rule)
    assert (trained.said["attempts"], trained.said["converged"]) == (wanted + 1, True)
    same = train({**NEVER, "attempts": wanted + 1})
    assert trained.model.read_bytes() == same.model.read_bytes()


@pytest.mark.parametrize("window", [0.25, 0.5, 0.99])
def test_both_limits_hold_for_the_last_losses(train, window):
    once = {"window": window, "attempts": 1}
    losses = train({**NEVER, **once}).losses[-ceil(window * ITERATIONS) :]
    mean, least = fmean(losses), min(losses)
    above, below = 1 + 1e-3, 1 - 1e-3
    for limits, expected in (
        ((mean * above, least * above), True),
        ((mean * below, least * above), False),
        ((mean * above, least * below), False),
    ):
        rule = dict(zip(("mean", "least"), limits, strict=True))
        assert train({**rule, **once}).said["converged"] is expected


def test_a_model_that_starts_from_a_trained_one_is_trained_once(tiny, data, tmp_path):
    changes = {"scheduler": {"type": "SelfLearning", "generations": 1}, "convergence": NEVER}
    plan = tiny.plan(tiny.config(tmp_path / "tiny.py", data, changes))
    store = Store(tmp_path / "work")
    for stage in plan.stages.values():
        tiny.run(stage, store)
    said = {
        stage.role: store.manifest(stage.fingerprint)["description"] for stage in plan.trainings
    }
    assert said["initial"]["attempts"] == 3
    assert "attempts" not in said["student"]


def attempts_that(tmp_path, outcomes, attempts):
    """Train until it converges, where each attempt's last loss, or its error, is given."""
    left = iter(outcomes)

    def train(seed, hooks):
        outcome = next(left)
        if isinstance(outcome, Exception):
            raise outcome
        hooks[0].after_train_iter(None, 0, outputs={"loss": torch.tensor(outcome)})
        return seed

    rule = ConvergenceRule(mean=0.5, least=0.5, window=0.5, attempts=attempts)
    return train_until_converged(rule, 2, tmp_path, 7, train)


def test_an_attempt_that_diverges_has_not_converged(tmp_path, caplog):
    diverged = NotFiniteError("iteration 1: the loss is not finite")
    seed, said = attempts_that(tmp_path, [diverged, 0.9, 0.1], attempts=3)
    assert said == {"attempts": 3, "converged": True}
    assert seed not in (7, None)
    assert "the loss is not finite" in caplog.text


def test_the_last_attempt_that_diverges_is_an_error(tmp_path):
    diverged = NotFiniteError("iteration 1: the loss is not finite")
    with pytest.raises(NotFiniteError, match="iteration 1"):
        attempts_that(tmp_path, [0.9, diverged], attempts=2)


# Interruptions


def undisturbed(written, command, rule):
    """Run a rule's config once, and return it with its training's events."""
    trained = written(rule)
    done = command.train(trained.config, trained.store.work_dir)
    assert done.status == 0, done.output
    return trained, [e for e in done.events if e["stage"] == trained.stage.fingerprint]


def test_killed_in_any_attempt_and_between_two_the_bits_are_the_same(
    written, command, contents, tmp_path
):
    reference, events = undisturbed(written, command, {**NEVER, "attempts": 2})
    steps = [at for at, event in enumerate(events, 1) if event["event"] == "step"]
    assert len(steps) == 2 * ITERATIONS
    last, first = steps[ITERATIONS - 1 : ITERATIONS + 1]
    between = [(at, event["event"]) for at, event in enumerate(events[:first], 1) if at > last]
    gone = [at for at, event in between if event == "unlink"]  # the first attempt's checkpoints
    (noted,) = (at for at, event in between if event == "renamed" and at > gone[-1])
    for number, instant in enumerate((gone[-1], noted, steps[5])):
        work_dir = tmp_path / f"killed{number}"
        stage = reference.stage.fingerprint
        done = command.train(reference.config, work_dir, kill_at=(stage, instant))
        assert done.status == SIGKILLED
        done = command.train(reference.config, work_dir)
        assert done.status == 0, done.output
        assert contents(work_dir / "artifacts") == contents(reference.store.work_dir / "artifacts")


def test_losses_before_an_interruption_count(written, command, contents, tmp_path):
    """The last two losses alone would be below the limit."""
    once = {"least": 1e9, "window": 0.99, "attempts": 1}
    losses = undisturbed(written, command, {**once, "mean": 0.0})[0].losses
    assert fmean(losses[2:]) < fmean(losses)
    rule = {**once, "mean": (fmean(losses[2:]) + fmean(losses)) / 2}
    reference, _ = undisturbed(written, command, rule)
    assert reference.said["converged"] is False
    work_dir = tmp_path / "killed"
    instant = (reference.stage.fingerprint, 3, "step")
    assert command.train(reference.config, work_dir, kill_at=instant).status == SIGKILLED
    assert command.train(reference.config, work_dir).status == 0
    assert contents(work_dir / "artifacts") == contents(reference.store.work_dir / "artifacts")
