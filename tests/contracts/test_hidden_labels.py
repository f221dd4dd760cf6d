"""Law 1: labels of R and E are never read by a train or label stage."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def without_labels(scheduler, tiny, finished, tmp_path):
    """Copies of a finished run and of its data, in which R's label files are gone."""
    reference = finished(scheduler)
    data = shutil.copytree(reference.data, tmp_path / "data")
    hidden = (reference.work_dir / "splits/tiny-seed0/reference.txt").read_text().split()
    assert len(hidden) == 6
    for case in hidden:
        (data / "train/masks" / f"{case}.png").unlink()
    schedule = {"scheduler": tiny.plan(reference.config).scheduler}
    config = tiny.config(tmp_path / reference.config.name, data, schedule)
    return reference, config


# A curriculum has stages of every kind; plans of every scheduler are asked in test_schedulers.py.
@pytest.mark.parametrize("scheduler", ["Curriculum"])
def test_a_run_without_the_reference_labels_makes_the_same_models_and_labels(
    without_labels, tiny, command, contents, tmp_path
):
    reference, config = without_labels
    done = command.train(config, tmp_path / "new")
    assert done.status == 0, done.output
    plan = tiny.plan(reference.config)
    left = contents(tmp_path / "new/artifacts")
    made = contents(reference.work_dir / "artifacts")
    for stage in (*plan.trainings, *plan.labelings):
        of_stage = {name for name in made if name.startswith(stage.fingerprint)}
        assert {name: left.get(name) for name in of_stage} == {
            name: made[name] for name in of_stage
        }
    assert made.items() >= left.items()


def test_deleting_the_reference_labels_runs_nothing_again(
    without_labels, command, contents, tmp_path
):
    reference, config = without_labels
    work_dir = shutil.copytree(reference.work_dir, tmp_path / "copy")
    done = command.train(config, work_dir)
    assert done.status == 0, done.output
    assert {event["stage"] for event in done.events} == {"planning"}
    assert contents(work_dir / "artifacts") == contents(reference.work_dir / "artifacts")


def test_train_and_label_stages_open_no_label_of_reference_or_test(scheduler, finished):
    reference = finished(scheduler)
    labeled = (reference.work_dir / "splits/tiny-seed0/labeled.txt").read_text().split()
    allowed = {reference.data / "train/masks" / f"{case}.png" for case in labeled}
    masks = {*reference.data.glob("*/masks/**/*.png")}
    opened = {
        kind: {
            Path(event["value"])
            for event in reference.events
            if event["kind"] == kind and event["event"] == "open"
        }
        for kind in ("train", "label", "evaluate")
    }
    assert opened["train"] & masks == allowed
    assert opened["label"] & masks == set()
    # What the watch sees is what is opened: scores do look at the hidden labels.
    assert opened["evaluate"] & masks == masks - allowed
    images = {*reference.data.glob("*/images/**/*.png")}
    assert opened["label"] >= {path for path in images if "test" in path.parts}
