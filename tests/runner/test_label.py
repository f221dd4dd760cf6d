"""A label stage: one map per case, a manifest that is right, and no work done twice."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ssl_seg.data.pseudo_labels import PseudoLabels
from ssl_seg.media.pictures.masks import read_confidence, read_indices
from ssl_seg.media.stored_probabilities import read_probabilities
from ssl_seg.store.store import Store

SIGKILLED = -9


def labelings(tiny, run):
    """Yield each label stage of a run with its folder and what its manifest says."""
    for stage in tiny.plan(run.config).labelings:
        folder = run.work_dir / "artifacts" / stage.fingerprint
        yield stage, folder, json.loads((folder / "manifest.json").read_text())


def test_there_is_one_map_per_case_at_the_size_of_its_image(tiny, finished):
    for stage, folder, _ in labelings(tiny, finished("ATSO")):
        maps = {
            path.relative_to(folder / "maps").as_posix(): path
            for path in folder.rglob("maps/**/*.png")
        }
        assert sorted(maps) == sorted(f"{case.id}.png" for case in stage.cases)
        for case in stage.cases:
            with Image.open(case.image.path) as image:
                assert read_indices(maps[f"{case.id}.png"]).shape == image.size[::-1]


def test_the_manifest_counts_what_the_maps_hold(tiny, finished):
    for stage, folder, manifest in labelings(tiny, finished("ATSO")):
        assert [entry["case"] for entry in manifest["cases"]] == [case.id for case in stage.cases]
        total = np.zeros(len(tiny.classes), np.int64)
        for entry in manifest["cases"]:
            path = folder / "maps" / f"{entry['case']}.png"
            assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
            counted = np.bincount(read_indices(path).ravel(), minlength=len(tiny.classes))
            assert entry["histogram"] == counted.tolist()
            assert 1 / 3 <= entry["confidence"] <= 1
            total += counted
        assert manifest["histogram"] == total.tolist()
        means = [entry["confidence"] for entry in manifest["cases"]]
        # All images are of one size, so that the mean over pixels is the mean over cases.
        assert manifest["confidence"] == pytest.approx(np.mean(means))


def test_the_manifest_names_the_teacher_and_the_space(tiny, finished):
    for stage, _, manifest in labelings(tiny, finished("ATSO")):
        said = manifest["role"], manifest["generation"], manifest["fold"]
        assert said == stage.teachers[0].identity
        (teacher,) = manifest["teachers"]
        assert (teacher["role"], teacher["generation"], teacher["fold"]) == said
        assert teacher["networks"] == [{"view": None, "stage": stage.inputs[0]}]
        assert manifest["space"] == stage.space.plain()


def test_without_a_threshold_no_confidences_are_stored(finished):
    assert not list(finished("ATSO").work_dir.rglob("confidence"))


STRICT = {"threshold": 0.4}
BALANCED = {"class_balanced": 0.4}


@pytest.fixture(params=[STRICT, BALANCED], ids=["threshold", "class balanced"])
def thresholded(request, tiny, command, data, tmp_path):
    """A finished run whose students trust confident pixels only; its store and plan."""
    changes = {
        "scheduler": {"type": "STSO", "generations": 1},
        "pseudo_labels": request.param,
    }
    config = tiny.config(tmp_path / "tiny.py", data, changes)
    done = command.train(config, tmp_path / "work")
    assert done.status == 0, done.output
    return Store(tmp_path / "work"), tiny.plan(config), request.param


def test_confidences_of_the_reference_set_are_stored_and_counted(thresholded):
    store, plan, _ = thresholded
    of_reference = {name for training in plan.trainings for name in training.inputs}
    for stage in plan.labelings:
        folder = store.path(stage.fingerprint)
        if stage.fingerprint not in of_reference:
            continue
        manifest = json.loads((folder / "manifest.json").read_text())
        counts = np.zeros((3, 256), np.int64)
        for entry in manifest["cases"]:
            labels = read_indices(folder / "maps" / f"{entry['case']}.png")
            levels = read_confidence(folder / "confidence" / f"{entry['case']}.png")
            np.add.at(counts, (labels, levels), 1)
            assert levels.mean() / 255 == pytest.approx(entry["confidence"], abs=0.5 / 255)
        assert manifest["confidence_histogram"] == counts.tolist()


def test_the_student_says_how_much_it_trusted(thresholded):
    store, plan, asked = thresholded
    student = plan.trainings[1]
    labeled, pseudo = store.manifest(student.fingerprint)["description"]["sources"]
    assert labeled["coverage"] == 1
    opened = PseudoLabels(store.path(pseudo["written_by"]), student.sources[1].values, **asked)
    trusted = [opened.read(case) != 255 for case in student.sources[1].cases]
    assert pseudo["coverage"] == pytest.approx(np.mean(trusted))
    assert 0 < pseudo["coverage"] < 1


def test_a_threshold_of_one_role_makes_its_teachers_store_confidences(
    tiny, command, data, tmp_path
):
    changes = {
        "scheduler": {"type": "STSO", "generations": 1},
        "roles": {"student": {"pseudo_labels": STRICT}},
    }
    done = command.train(tiny.config(tmp_path / "tiny.py", data, changes), tmp_path / "work")
    assert done.status == 0, done.output


def first_advance(events, stage):
    of_stage = (event for event in events if event["stage"] == stage)
    return next(event["value"] for event in of_stage if event["event"] == "advance")


@pytest.mark.parametrize(("killed_at", "left"), [((2, "advance"), 2), ((1, "renamed"), 0)])
def test_a_killed_labelling_goes_on_after_its_last_whole_batch(
    finished, command, tiny, contents, tmp_path, killed_at, left
):
    """Three cases in batches of two: one batch is done, or one map of the first batch is."""
    run = finished("Supervised")
    stage = next(s for s in tiny.plan(run.config).labelings if len(s.cases) == 3)
    killed = command.train(run.config, tmp_path, kill_at=(stage.fingerprint, *killed_at))
    assert killed.status == SIGKILLED
    done = command.train(run.config, tmp_path)
    assert done.status == 0, done.output
    assert first_advance(done.events, stage.fingerprint) == left
    opened = [
        event["value"]
        for event in done.events
        if event["stage"] == stage.fingerprint
        and event["event"] == "open"
        and event["value"].startswith(str(run.data))
    ]
    # A picture's header may be looked at before the whole of it is read.
    assert list(dict.fromkeys(opened)) == [case.image.path for case in stage.cases[left:]]
    assert contents(tmp_path / "artifacts") == contents(run.work_dir / "artifacts")


def test_probabilities_are_stored_where_they_are_asked_for(tiny, finished, tmp_path):
    run = finished("Supervised")
    stage, folder, _ = next(labelings(tiny, run))
    assert not (folder / "probabilities").exists()
    asked = replace(stage, config=replace(stage.config, probabilities=True))
    store = Store(tmp_path / "work")
    for name in stage.inputs:
        shutil.copytree(run.work_dir / "artifacts" / name, tmp_path / "work/artifacts" / name)
    made = tiny.run(asked, store)
    for case in stage.cases:
        found = read_probabilities(made, case)
        labels = read_indices(made / "maps" / f"{case.id}.png")
        assert found.shape == (len(tiny.classes), *labels.shape)
        assert np.abs(found.sum(axis=0) - 1).max() < 0.01
        chosen = np.take_along_axis(found, labels[None].astype(np.intp), axis=0)[0]
        assert (chosen >= found.max(axis=0) - 1 / 255).all()
    assert (made / "maps").is_dir()
