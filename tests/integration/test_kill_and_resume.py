"""A run that is killed anywhere and started again ends with the bits of an undisturbed one."""

from __future__ import annotations

import random
from itertools import groupby

import numpy as np
import pytest
from PIL import Image

SIGKILLED = -9
SEED = 20210614


def by_stage(events):
    """Return the events of each stage in order of work; planning is one at the beginning."""
    runs = groupby(events, key=lambda event: event["stage"])
    parts = [(stage, list(part)) for stage, part in runs]
    return [parts[0]] + [part for part in parts[1:] if part[0] != "planning"]


def draw_instants(events, rng):
    """Draw ten instants in different stages: one while planning, three for each kind of stage.

    Of each kind one lies between a rename and the next write.
    """
    (planning, noted), *stages = by_stage(events)
    instants = {planning: rng.randint(1, len(noted))}
    for kind in ("train", "label", "evaluate"):
        of_kind = [part for part in stages if part[1][0]["kind"] == kind]
        first, *others = rng.sample(of_kind, 3)
        renamed = [n for n, event in enumerate(first[1], 1) if event["event"] == "renamed"]
        instants[first[0]] = rng.choice(renamed)
        instants |= {stage: rng.randint(1, len(part)) for stage, part in others}
    return [(stage, instants[stage]) for stage, _ in by_stage(events) if stage in instants]


def test_ten_kills_change_no_bit(finished, command, contents, tmp_path):
    reference = finished("ATSO")
    work_dir = tmp_path / "work"
    instants = draw_instants(reference.events, random.Random(SEED))
    assert len(instants) == 10
    for instant in instants:
        done = command.train(reference.config, work_dir, kill_at=instant)
        assert done.status == SIGKILLED, (instant, done.output)
        last = done.events[-1]
        assert (last["stage"], len(by_stage(done.events)[-1][1])) == instant
    done = command.train(reference.config, work_dir)
    assert done.status == 0, done.output
    assert contents(work_dir / "artifacts") == contents(reference.work_dir / "artifacts")
    assert contents(work_dir / "running") == {}
    assert not (work_dir / "trash").exists()
    left = {name for name in contents(work_dir) if name.endswith(".part")}
    assert not left


def test_the_pseudo_labels_that_are_compared_say_something(finished):
    """Maps of one class would be equal whatever happened to the weights."""
    maps = finished("ATSO").work_dir.glob("artifacts/*/maps/**/*.png")
    assert sum(len(np.unique(np.asarray(Image.open(path)))) > 1 for path in maps) > 10


@pytest.fixture
def killed_in_training(finished, command, tmp_path):
    """A run that died at its fourth of four steps; the checkpoints after 2 and 3 are there."""
    reference = finished("Supervised")
    stage, _ = by_stage(reference.events)[1]
    work_dir = tmp_path / "work"
    done = command.train(reference.config, work_dir, kill_at=(stage, 4, "step"))
    assert done.status == SIGKILLED
    running = work_dir / "running" / stage
    assert sorted(path.name.split(".")[0] for path in running.glob("*.pth")) == ["iter_2", "iter_3"]
    return reference, work_dir, running


def first_advance(done):
    return next(event["value"] for event in done.events if event["event"] == "advance")


def test_no_more_is_lost_than_since_the_last_checkpoint(killed_in_training, command, contents):
    reference, work_dir, _ = killed_in_training
    done = command.train(reference.config, work_dir)
    assert done.status == 0, done.output
    assert first_advance(done) == 3
    in_training = [event for event in done.events if event["kind"] == "train"]
    assert sum(event["event"] == "step" for event in in_training) == 1
    assert contents(work_dir / "artifacts") == contents(reference.work_dir / "artifacts")


@pytest.mark.parametrize("keep", [0, 0.5])
def test_a_torn_checkpoint_falls_back_to_the_one_before(
    killed_in_training, command, contents, keep
):
    reference, work_dir, running = killed_in_training
    (newest,) = running.glob("iter_3.*.pth")
    newest.write_bytes(newest.read_bytes()[: int(keep * newest.stat().st_size)])
    done = command.train(reference.config, work_dir)
    assert done.status == 0, done.output
    assert first_advance(done) == 2
    assert f"{newest} is torn" in done.output
    assert contents(work_dir / "artifacts") == contents(reference.work_dir / "artifacts")


def test_with_all_checkpoints_torn_the_training_begins_anew(killed_in_training, command, contents):
    reference, work_dir, running = killed_in_training
    for path in running.glob("*.pth"):
        path.write_bytes(b"")
    done = command.train(reference.config, work_dir)
    assert done.status == 0, done.output
    assert first_advance(done) == 0
    assert contents(work_dir / "artifacts") == contents(reference.work_dir / "artifacts")


def test_a_training_that_is_killed_at_every_second_step_still_ends(
    finished, command, contents, tmp_path
):
    reference = finished("Supervised")
    stage, _ = by_stage(reference.events)[1]
    ended = [
        command.train(reference.config, tmp_path / "work", kill_at=(stage, 2, "step"))
        for _ in range(4)
    ]
    assert [done.status for done in ended] == [SIGKILLED, SIGKILLED, SIGKILLED, 0]
    assert [first_advance(done) for done in ended] == [0, 1, 2, 3]
    assert contents(tmp_path / "work/artifacts") == contents(reference.work_dir / "artifacts")
