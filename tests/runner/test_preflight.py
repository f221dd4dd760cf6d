"""What cannot be done is found before the first training, and looking for it changes nothing."""

from __future__ import annotations

import random
import re
import shutil
from functools import partial

import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.registry import DefaultScope
from PIL import Image

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.core.errors import UserError
from ssl_seg.runner import models, preflight, trial_training
from ssl_seg.runner.sample_sizes import known_sizes
from ssl_seg.store.store import Store

LOAD, PACK = {"type": "LoadImageFromFile"}, {"type": "PackSegInputs"}
MASKS, CROP = {"type": "LoadAnnotations"}, {"type": "RandomCrop", "crop_size": (24, 32)}
SUPERVISED = {"scheduler": {"type": "Supervised"}}


@pytest.fixture
def check(tiny, data, tmp_path):
    """Return a function that plans a changed config and looks whether its first steps work."""

    def run(changes=None, folder=data):
        index = DigestIndex()
        plan = tiny.plan(tiny.config(tmp_path / "tiny.py", folder, changes), index=index)
        store = Store(tmp_path / "work")
        preflight.preflight(list(plan.stages.values()), store, partial(known_sizes, index))
        return plan, store

    return run


SCHEDULES = {
    "ATSO": {"type": "ATSO", "folds": 2, "generations": 1},
    "Curriculum": {
        "type": "Curriculum",
        "phases": [
            {"scheduler": {"type": "STSO", "generations": 1}, "space": "two"},
            {
                "scheduler": {"type": "STSO", "generations": 1},
                "pseudo_labels": "previous",
                "role": "guided",
            },
        ],
    },
    "SelfLearning": {"type": "SelfLearning", "generations": 1},
}


@pytest.mark.parametrize("scheduler", SCHEDULES)
def test_what_works_passes_and_leaves_nothing(check, contents, scheduler):
    _, store = check({"scheduler": SCHEDULES[scheduler]})
    assert not contents(store.work_dir)


def test_masks_that_nobody_has_written_are_as_sure_as_those_will_be(check, monkeypatch):
    found = []
    original = trial_training.learn

    def noting(method, step, optimiser):
        found.extend((s.metainfo["source"], "gt_weight" in s) for s in step.samples)
        return original(method, step, optimiser)

    monkeypatch.setattr(trial_training, "learn", noting)
    check({"scheduler": SCHEDULES["SelfLearning"], "pseudo_labels": {"weight": 0.5}})
    assert set(found) == {("labeled", False), ("pseudo", True)}


def test_a_training_is_tried_with_each_way_to_join_pseudo_labels(check, monkeypatch):
    tried = []
    monkeypatch.setattr(preflight, "try_training", lambda stage, *others: tried.append(stage))
    monkeypatch.setattr(preflight, "try_labeling", lambda *arguments: None)
    final = {"threshold": 0.5, "join": "weigh"}
    check({"scheduler": SCHEDULES["ATSO"], "roles.final": {"pseudo_labels": final}})
    rules = [stage.config.pseudo_labels for stage in tried]
    assert [rule and rule.join for rule in rules] == [None, None, "weigh"]


IMPOSSIBLE = {
    "a pooled branch in batches of one": (
        {
            "train_dataloader.batch_size": 1,
            "model.decode_head": {
                "type": "ASPPHead",
                "in_channels": 4,
                "channels": 4,
                "dilations": (1, 2),
                "num_classes": 3,
                "norm_cfg": {"type": "BN"},
                "loss_decode": {"type": "CrossEntropyLoss", "avg_non_ignore": True},
            },
        },
        r"^train initial: a training step on samples of drive\d/\d \(3x24x32\) fails: .*more than "
        r"1 value per channel.*batch_size to 2 or more",
    ),
    "channels": (
        {"model.backbone.in_channels": 1},
        r"^train initial: a training step .*to have 1 channels, but got 3.* Channels do not fit",
    ),
    "channels of the preprocessor": (
        {"model.data_preprocessor.mean": [1.0] * 4, "model.data_preprocessor.std": [1.0] * 4},
        r"^train initial: .* Channels do not fit",
    ),
    "a loss that needs a GPU": (
        {"model.decode_head.loss_decode": {"type": "FocalLoss"}},
        "^train initial: .*FocalLoss of mmsegmentation does not work on a CPU",
    ),
    "an optimiser's argument": (
        {"optim_wrapper.optimizer": {"type": "SGD", "lr": -1.0}},
        "^train initial: building the optimiser fails: ValueError: Invalid learning rate",
    ),
    "a size that is only asked for in labelling": (
        {"inference": {"type": "Image", "scales": (1.0, 0.55)}},
        r"^label \d+ cases by initial: labelling .*\.png \(24x32\) fails: .*size_divisor",
    ),
    "no size of the original": (
        {
            "test_dataloader.dataset.pipeline": [
                LOAD,
                {"type": "PackSegInputs", "meta_keys": ("img_path",)},
            ]
        },
        r"^label \d+ cases by initial: .*meta_keys has no 'ori_shape'",
    ),
    "a training pipeline that packs nothing": (
        {"train_dataloader.dataset.pipeline": [LOAD, MASKS, CROP]},
        r"^train initial: .*does not pack its samples; let it end in PackSegInputs",
    ),
    "a test pipeline that packs nothing": (
        {"test_dataloader.dataset.pipeline": [LOAD]},
        "^label .* fails: KeyError: 'inputs'. The pipeline must .* end in PackSegInputs",
    ),
    "an output that a backbone does not have": (
        {"model.decode_head.in_index": 7},
        "^train initial: .*in_index must number outputs of the backbone",
    ),
    "a loss that weighs no single pixels": (
        {
            "scheduler": {"type": "STSO", "generations": 1},
            "pseudo_labels": {"weight": 1},
            "model.decode_head.loss_decode": {"type": "LovaszLoss", "reduction": "none"},
        },
        r"model\.decode_head\.loss_decode\[0\] \(LovaszLoss\): pseudo_labels\.weight: cannot weigh",
    ),
    "a model of a later role": (
        {
            "scheduler": {"type": "STSO", "generations": 1},
            "roles": {"student": {"model": {"backbone": {"in_channels": 2}}}},
        },
        "^train student 1: .* Channels do not fit",
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_does_not_work_is_named_with_stage_and_remedy(check, name):
    changes, message = IMPOSSIBLE[name]
    with pytest.raises(UserError, match=message):
        check({**SUPERVISED, **changes})


def test_an_assertion_without_a_message_is_quoted(check):
    crop = {**CROP, "crop_size": (0, 32)}
    with pytest.raises(UserError, match=r"fails: AssertionError: assert crop_size\[0\] > 0"):
        check({**SUPERVISED, "train_dataloader.dataset.pipeline": [LOAD, MASKS, crop, PACK]})


def test_a_pipeline_of_r_without_labels_is_named(check, data, tmp_path):
    shutil.copytree(data / "test/images", tmp_path / "new/images/new")
    reference = {
        "type": "ImageFolder",
        "classes": ("sky", "road", "car"),
        "data_root": str(tmp_path / "new"),
        "masks": None,
        "pipeline": [LOAD, PACK],
    }
    message = r"^train student 1.*: .*the pipeline loads no mask.*split\.reference"
    with pytest.raises(UserError, match=message):
        check({"split": {"reference": reference}})


@pytest.fixture
def mixed(tiny, tmp_path):
    """Return a function that writes the data set with one training and one test image redrawn."""

    def write(size, mode="RGB"):
        folder = tiny.data(tmp_path / "mixed")
        for case in ("train/{}/drive2/0.png", "test/{}/frame1.png"):
            image, mask = (folder / case.format(kind) for kind in ("images", "masks"))
            Image.open(image).resize(size).convert(mode).save(image)
            Image.open(mask).resize(size, Image.Resampling.NEAREST).save(mask)
        return folder

    return write


def test_pictures_of_differing_size_need_a_crop(check, mixed):
    folder = mixed((40, 30))
    pipeline = "train_dataloader.dataset.pipeline"
    everything = {**SUPERVISED, "split.labeled": 10}
    message = "^train initial: .*3x24x32.*3x30x40.* Samples of one batch differ .*RandomCrop"
    with pytest.raises(UserError, match=message):
        check({**everything, pipeline: [LOAD, MASKS, PACK]}, folder)
    check({**everything, pipeline: [LOAD, MASKS, CROP, PACK]}, folder)


def test_a_single_size_that_a_network_cannot_take_is_found(check, mixed):
    """Neither the largest nor the smallest."""
    folder = mixed((33, 25))
    with pytest.raises(UserError, match=r"^label .*\(25x33\) fails: .*size_divisor"):
        check(SUPERVISED, folder)
    check({**SUPERVISED, "model.data_preprocessor.test_cfg": {"size_divisor": 2}}, folder)


def test_pictures_of_other_channels_are_found_where_a_pipeline_keeps_them(check, mixed):
    folder = mixed((32, 24), "RGBA")
    keeping = {**LOAD, "color_type": "unchanged"}
    everything = {**SUPERVISED, "split.labeled": 10}
    pipeline = "train_dataloader.dataset.pipeline"
    with pytest.raises(UserError, match=r"^train initial: .*4x24x32.* differ in their channels"):
        check({**everything, pipeline: [keeping, MASKS, CROP, PACK]}, folder)
    with pytest.raises(UserError, match=r"^label .* Channels do not fit"):
        check({**everything, "test_dataloader.dataset.pipeline": [keeping, PACK]}, folder)
    check(everything, folder)


def test_labels_that_nobody_has_written_are_made_up_and_true_ones_stay_closed(
    check, monkeypatch, tiny
):
    """R's true labels are there, and are read for scores only."""
    read = []
    original = trial_training.TrainingSet.__getitem__

    def noting(samples, at):
        copies = original(samples, at)
        (sample,) = (copy["data_samples"] for copy in copies)
        meta = sample.metainfo
        read.append((meta["source"], meta["case"], sample.gt_sem_seg.data))
        return copies

    monkeypatch.setattr(trial_training.TrainingSet, "__getitem__", noting)
    plan, _ = check({"scheduler": {"type": "ATSO", "generations": 1}})
    labeled = {case.id for case in plan.trainings[0].sources[0].cases}
    assert {kind for kind, _, _ in read} == {"labeled", "pseudo"}
    for kind, case, labels in read:
        assert (case in labeled) == (kind == "labeled")
        if kind == "pseudo":
            assert set(labels.unique().tolist()) <= {0, 1, 2, 255}


def test_equal_work_is_tried_once(check, monkeypatch):
    tried = []
    for name in ("try_training", "try_labeling"):
        monkeypatch.setattr(preflight, name, lambda *given: tried.append(given))
    plan, _ = check({"scheduler": {"type": "ATSO", "folds": 2, "generations": 2}})
    assert [stage.title for stage, *_ in tried] == [
        "train initial",
        "train student 1, fold 0",
        next(stage.title for stage in plan.labelings),
    ]
    (_, _, _), (student, _, _), (_, labeled, _, _) = tried
    assert [len(source.cases) for source in student.sources] == [4, 6]
    assert len(labeled) == 9


def state():
    """Return what work in this process might depend on."""
    return (
        random.getstate(),
        np.random.get_state()[1].tolist(),  # noqa: NPY002 - the generator that transforms use
        torch.get_rng_state().tolist(),
        torch.get_num_threads(),
        list(MessageHub._instance_dict),
        list(DefaultScope._instance_dict),
    )


@pytest.mark.parametrize("changes", [{}, IMPOSSIBLE["channels"][0]], ids=["fine", "refused"])
def test_the_process_is_as_it_was(check, changes):
    before = state()
    try:
        check({**SUPERVISED, "threads": 3, **changes})
    except UserError:
        assert changes
    assert state() == before


def test_it_changes_no_bit_of_the_training(check, tiny, data, tmp_path):
    plan = tiny.plan(tiny.config(tmp_path / "tiny.py", data, SUPERVISED))
    (stage,) = plan.trainings
    without = (tiny.run(stage, Store(tmp_path / "without")) / "model.pth").read_bytes()
    check(SUPERVISED)
    after = (tiny.run(stage, Store(tmp_path / "after")) / "model.pth").read_bytes()
    assert without == after


def test_a_command_names_it_in_one_line_before_the_first_stage(tiny, command, data, tmp_path):
    config = tiny.config(tmp_path / "tiny.py", data, {"model.backbone.in_channels": 1})
    done = command.train(config, tmp_path / "work")
    assert done.status == 1
    assert "error: train initial: a training step" in done.output
    assert "Traceback" not in done.output
    assert "stage 1 of" not in done.output


def test_a_command_says_how_long_it_took_and_a_finished_run_takes_none(command, finished):
    run = finished("ATSO")
    again = command.train(run.config, run.work_dir)
    assert again.status == 0
    assert "tried a step" not in again.output
    anew = command.train(run.config, run.work_dir.with_name("anew"))
    assert re.search(
        r"tried a step of 2 kinds of training and 1 kinds of labelling in \d+\.\d s", anew.output
    )


def test_a_fault_of_this_program_keeps_its_trace(check, monkeypatch):
    def broken(stage):
        return {}["nothing"]

    monkeypatch.setattr(models, "for_training", broken)
    with pytest.raises(KeyError) as caught:
        check(SUPERVISED)
    assert "building the model of the stage 'train initial'" in caught.value.__notes__[0]
