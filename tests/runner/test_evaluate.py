"""An evaluate stage compares stored maps with true labels, whatever label stage wrote them."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from ssl_seg.core.case import Case, DataFile
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.stage import EvaluateStage
from ssl_seg.data.label_maps import write_label_map
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
        label = DataFile(str(path), sha256(path.read_bytes()).hexdigest())
        made.append(Case(name, DataFile(f"{name}.jpg", str(number)), label, "group"))
    return tuple(made)


def finish_labels(store, name, cases, space=SPACE, shape=(6, 8)):
    """Put the artifact of a label stage into the store and return its fingerprint and maps."""
    stage = sha256(name.encode()).hexdigest()[:32]
    rng = np.random.default_rng(len(name))
    out = store.running(stage) / "out"
    maps = {case.id: rng.integers(0, len(space), shape, dtype=np.uint8) for case in cases}
    for case, labels in maps.items():
        write_label_map(out / "maps" / f"{case}.png", labels, space)
    write_json(
        out / "manifest.json",
        {"space": space.plain(), "cases": [{"case": case} for case in maps]},
    )
    store.publish(stage, {})
    return stage, maps


def stage_of(cases, *predictions, metrics=(IOU,)):
    return EvaluateStage(
        predictions=predictions, cases=cases, values=VALUES, recipe={"metrics": list(metrics)}
    )


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
        file = np.asarray(Image.open(case.label.path))
        truth = np.select([file == 10, file == 11, file == 12], [0, 1, 2], 255).astype(np.uint8)
        metric.add(Sample(case=case.id, prediction=maps[case.id], truth=truth))
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
    with pytest.raises(ValueError, match=r"1 of 6 cases have no stored label map.*'drive1/5'"):
        run(stage_of(cases, labels), store, tmp_path)


def test_a_case_that_two_label_stages_wrote_is_named(store, cases, tmp_path):
    first, _ = finish_labels(store, "first", cases)
    second, _ = finish_labels(store, "second", cases[:1])
    with pytest.raises(ValueError, match=r"'drive0/0' was labeled twice"):
        run(stage_of(cases, first, second), store, tmp_path)


def test_another_size_names_both_files(store, cases, tmp_path):
    labels, _ = finish_labels(store, "small", cases, shape=(5, 8))
    with pytest.raises(ValueError, match=r"drive0/0\.png is 8x5 .*truth/0\.png 8x6"):
        run(stage_of(cases, labels), store, tmp_path)


def test_another_label_space_is_refused(store, cases, tmp_path):
    other = LabelSpace("two", ("a", "b"), SPACE.palette[:2])
    labels, _ = finish_labels(store, "two classes", cases, space=other)
    with pytest.raises(ValueError, match=r"manifest\.json.*'two' with 2 classes.*'three' with 3"):
        run(stage_of(cases, labels), store, tmp_path)


def test_a_value_outside_the_space_names_the_map(store, cases, tmp_path):
    labels, _ = finish_labels(store, "all", cases)
    path = store.path(labels) / "maps" / "drive0" / "0.png"
    write_label_map(path, np.full((6, 8), 3, np.uint8), SPACE)
    with pytest.raises(ValueError, match=r"drive0/0\.png: the prediction holds \[3\]"):
        run(stage_of(cases, labels), store, tmp_path)


def test_a_wrong_metric_names_its_place_in_the_config(store, cases, tmp_path):
    labels, _ = finish_labels(store, "all", cases)
    stage = stage_of(cases, labels, metrics=(IOU, {"type": "IoUMetrik"}))
    with pytest.raises(ValueError, match=r"test_evaluator\[1\]\.type.*did you mean 'IoUMetric'"):
        run(stage, store, tmp_path)


def test_scoring_needs_no_torch():
    code = "import sys, ssl_seg.runner.evaluate, ssl_seg.report; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
