"""An evaluate stage compares stored maps with true labels, whatever label stage wrote them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from ssl_seg.core.case import Case, DataFile, LabelFile
from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.stage import EvaluateStage
from ssl_seg.core.stage_config import EvaluateConfig
from ssl_seg.media.pictures.masks import write_mask
from ssl_seg.media.pictures.working_size import WorkingSize
from ssl_seg.metrics import IoUMetric, Sample
from ssl_seg.runner import evaluate
from ssl_seg.store.atomic import write_json
from ssl_seg.store.store import Store

SPACE = LabelSpace("three", ("a", "b", "c"), ((0, 0, 0), (90, 0, 0), (0, 90, 0)))
VALUES = LabelValues(SPACE, ((10, 0), (11, 1), (12, 2), (0, 255)))
IOU = {"type": "IoUMetric", "iou_metrics": ["mIoU", "mDice"]}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "work")


@pytest.fixture
def cases(tmp_path):
    """Six cases in two folders, with true labels in the file values 0 and 10 to 12."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(6):
        path = tmp_path / "truth" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.choice([0, 10, 11, 12], (6, 8)).astype(np.uint8)).save(path)
        name = f"drive{number % 2}/{number}"
        label = LabelFile(str(path), sha256(path.read_bytes()).hexdigest())
        made.append(Case(name, DataFile(f"{name}.jpg", str(number)), label, "group"))
    return tuple(made)


def finish_labels(store, name, cases, space=SPACE, shape=(6, 8)):
    """Put the artifact of a label stage into the store and return its fingerprint and maps."""
    stage = sha256(name.encode()).hexdigest()[:32]
    rng = np.random.default_rng(len(name))
    out = store.running(stage) / "out"
    maps = {case.id: rng.integers(0, len(space), shape, dtype=np.uint8) for case in cases}
    for case, labels in maps.items():
        write_mask(out / "maps" / f"{case}.png", labels, space)
    write_json(
        out / "manifest.json",
        {"space": space.plain(), "cases": [{"case": case} for case in maps]},
    )
    store.publish(stage, {})
    return stage, maps


def true_labels(case):
    """Return the label of a case as class numbers, at its original size."""
    file = np.asarray(Image.open(case.label.path))
    return np.select([file == 10, file == 11, file == 12], [0, 1, 2], 255).astype(np.uint8)


def stage_of(cases, *predictions, metrics=(IOU,), max_side=None):
    config = EvaluateConfig(metrics=tuple(metrics), max_side=max_side)
    return EvaluateStage(predictions=predictions, cases=cases, values=VALUES, config=config)


def run(stage, store, out, advance=lambda done: None):
    evaluate.run(stage, store, out, advance)
    return json.loads((out / "scores.json").read_text())


def test_several_label_stages_are_scored_together(store, cases, tmp_path):
    first, maps = finish_labels(store, "first", cases[:4])
    second, more = finish_labels(store, "second fold", cases[4:])
    maps |= more
    scores = run(stage_of(cases, first, second), store, tmp_path)
    metric = IoUMetric(SPACE)
    for case in cases:
        metric.add(Sample(case=case.id, prediction=maps[case.id], truth=true_labels(case)))
    assert {key: scores[key] for key in metric.scores()} == metric.scores()
    assert scores["space"] == SPACE.plain()
    assert scores["cases"] == 6
    assert scores["predictions"] == [first, second]


def test_a_part_of_a_label_stage_can_be_scored(store, cases, tmp_path):
    labels, _ = finish_labels(store, "all", cases)
    assert run(stage_of(cases[:2], labels), store, tmp_path)["cases"] == 2


def test_progress_counts_cases(store, cases, tmp_path):
    labels, _ = finish_labels(store, "all", cases)
    told = []
    run(stage_of(cases, labels), store, tmp_path, told.append)
    assert told == [1, 2, 3, 4, 5, 6]


def test_equal_stages_leave_equal_bytes(store, cases, tmp_path):
    labels, _ = finish_labels(store, "all", cases)
    for name in ("one", "two"):
        run(stage_of(cases, labels), store, tmp_path / name)
    written = [(tmp_path / name / "scores.json").read_bytes() for name in ("one", "two")]
    assert written[0] == written[1]


def test_scores_of_several_metrics_stand_together(store, cases, tmp_path):
    labels, _ = finish_labels(store, "all", cases)
    f_score = {"type": "IoUMetric", "iou_metrics": ["mFscore"]}
    scores = run(stage_of(cases, labels, metrics=(IOU, f_score)), store, tmp_path)
    assert {"aAcc", "mIoU", "mFscore"} <= set(scores["metrics"])
    assert {"IoU", "Fscore"} <= set(scores["classes"]["a"])


def test_a_case_that_no_label_stage_wrote_is_named(store, cases, tmp_path):
    labels, _ = finish_labels(store, "part", cases[:5])
    with pytest.raises(ValueError, match=r"1 of 6 cases have no stored mask.*'drive1/5'"):
        run(stage_of(cases, labels), store, tmp_path)


def test_a_case_that_two_label_stages_wrote_is_named(store, cases, tmp_path):
    first, _ = finish_labels(store, "first", cases)
    second, _ = finish_labels(store, "second", cases[:1])
    with pytest.raises(ValueError, match=r"'drive0/0' was labeled twice"):
        run(stage_of(cases, first, second), store, tmp_path)


def test_another_size_names_both_files(store, cases, tmp_path):
    labels, _ = finish_labels(store, "small", cases, shape=(5, 8))
    with pytest.raises(ValueError, match=r"drive0/0\.png is 8x5, .*truth/0\.png 8x6"):
        run(stage_of(cases, labels), store, tmp_path)


def store_truth(store, cases, max_side):
    """Store true labels, shrunk by max_side, as if a model had predicted them."""
    stage, _ = finish_labels(store, f"all at {max_side}", cases)
    for case in cases:
        labels = WorkingSize(max_side).labels(true_labels(case))
        known = np.where(labels == 255, 0, labels).astype(np.uint8)
        write_mask(store.path(stage) / "maps" / f"{case.id}.png", known, SPACE)
    return stage


@pytest.mark.parametrize("max_side", [4, 5, 7])
def test_maps_of_the_working_size_are_scored_at_it(store, cases, tmp_path, max_side):
    labels = store_truth(store, cases, max_side)
    scores = run(stage_of(cases, labels, max_side=max_side), store, tmp_path)
    assert scores["metrics"]["aAcc"] == scores["metrics"]["mIoU"] == 100
    assert (scores["max_side"], scores["reduced"], scores["cases"]) == (max_side, 6, 6)


@pytest.mark.parametrize("max_side", [None, 4, 8, 2048])
def test_maps_of_the_original_size_are_scored_at_it(store, cases, tmp_path, max_side):
    labels, maps = finish_labels(store, "all", cases)
    scores = run(stage_of(cases, labels, max_side=max_side), store, tmp_path)
    metric = IoUMetric(SPACE)
    for case in cases:
        metric.add(Sample(case=case.id, prediction=maps[case.id], truth=true_labels(case)))
    assert scores["metrics"] == metric.scores()["metrics"]
    assert (scores["max_side"], scores["reduced"]) == (max_side, 0)


def test_each_case_is_scored_at_the_size_of_its_map(store, cases, tmp_path):
    whole, shrunk = store_truth(store, cases[:2], None), store_truth(store, cases[2:], 4)
    scores = run(stage_of(cases, whole, shrunk, max_side=4), store, tmp_path)
    assert scores["metrics"]["aAcc"] == 100
    assert scores["reduced"] == 4


@pytest.mark.parametrize("max_side", [None, 4, 8])
def test_maps_of_no_known_size_are_refused(store, cases, tmp_path, max_side):
    labels = store_truth(store, cases, 5)
    with pytest.raises(ValueError, match=r"0\.png is 5x4, .*truth/0\.png 8x6; ") as raised:
        run(stage_of(cases, labels, max_side=max_side), store, tmp_path)
    assert ("shrunk to 4x3 by max_side" in str(raised.value)) == (max_side == 4)


def test_another_label_space_is_refused(store, cases, tmp_path):
    other = LabelSpace("two", ("a", "b"), SPACE.palette[:2])
    labels, _ = finish_labels(store, "two classes", cases, space=other)
    with pytest.raises(ValueError, match=r"manifest\.json.*'two' with 2 classes.*'three' with 3"):
        run(stage_of(cases, labels), store, tmp_path)


def test_a_value_outside_the_space_names_the_map(store, cases, tmp_path):
    labels, _ = finish_labels(store, "all", cases)
    path = store.path(labels) / "maps" / "drive0" / "0.png"
    write_mask(path, np.full((6, 8), 3, np.uint8), SPACE)
    with pytest.raises(ValueError, match=r"drive0/0\.png: holds the values \[3\]"):
        run(stage_of(cases, labels), store, tmp_path)


def test_a_wrong_metric_names_its_place_in_the_config(store, cases, tmp_path):
    labels, _ = finish_labels(store, "all", cases)
    stage = stage_of(cases, labels, metrics=(IOU, {"type": "IoUMetrik"}))
    with pytest.raises(ValueError, match=r"test_evaluator\[1\]\.type.*did you mean 'IoUMetric'"):
        run(stage, store, tmp_path)


def test_scoring_needs_no_torch():
    code = "import sys, ssl_seg.runner.evaluate, ssl_seg.report; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


FINE = LabelSpace("four", ("a1", "a2", "b", "c"), ((0, 0, 0), (9, 0, 0), (90, 0, 0), (0, 90, 0)))
GROUPS = np.array([0, 0, 1, 2], np.uint8)


def test_predictions_of_more_classes_are_scored_as_the_groups_of_the_truth(store, cases, tmp_path):
    labels, maps = finish_labels(store, "fine", cases, space=FINE)
    reduction = ClassMapping("four_to_three", FINE, SPACE, tuple(GROUPS.tolist()))
    scores = run(replace(stage_of(cases, labels), reduction=reduction), store, tmp_path)
    metric = IoUMetric(SPACE)
    for case in cases:
        predicted = GROUPS[maps[case.id]]
        metric.add(Sample(case=case.id, prediction=predicted, truth=true_labels(case)))
    assert scores["confusion"] == metric.scores()["confusion"]
    assert scores["space"] == SPACE.plain()


def test_maps_of_another_space_than_the_reduction_starts_at_are_refused(store, cases, tmp_path):
    labels, _ = finish_labels(store, "all", cases)
    reduction = ClassMapping("four_to_three", FINE, SPACE, tuple(GROUPS.tolist()))
    with pytest.raises(ValueError, match=r"'three' with 3 classes, .*'four' with 4"):
        run(replace(stage_of(cases, labels), reduction=reduction), store, tmp_path)


def test_a_reduction_that_leaves_predictions_without_a_place_cannot_be_scored(cases):
    partial = ClassMapping("partial", FINE, SPACE, (0, 255, 1, 2))
    with pytest.raises(ValueError, match=r"'partial': the predicted classes a2 have no place"):
        replace(stage_of(cases, "a" * 32), reduction=partial)
