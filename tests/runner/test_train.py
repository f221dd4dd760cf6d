"""A train stage: where its weights come from, what it does to them, and the file it leaves."""

from __future__ import annotations

import json
import logging

import pytest
import torch

from ssl_seg.core.errors import UserError
from ssl_seg.data.sample_order import SampleOrder
from ssl_seg.data.training_set import Samples, TrainingSet
from ssl_seg.media.pictures.masks import read_indices
from ssl_seg.media.pictures.reader import PictureRecords
from ssl_seg.media.records import MaskedCases
from ssl_seg.runner import models
from ssl_seg.runner.batches import collated
from ssl_seg.runner.checkpoint import ProgressHook
from ssl_seg.runner.environment import prepare_process
from ssl_seg.runner.predictors import Image
from ssl_seg.store.store import Store

STILL = {"optim_wrapper.optimizer": {"type": "SGD", "lr": 0.0}, "train_cfg.max_iters": 1}
"""Changes by which a training leaves all that it starts from but BN's statistics."""

BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def weights(folder):
    """Return the trained parameters of a model file."""
    state = torch.load(folder / "model.pth", weights_only=True)["state_dict"]
    return {name: value for name, value in state.items() if not name.endswith(BUFFERS)}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "work")


@pytest.fixture
def run_all(tiny, data, store, tmp_path):
    """Return a function that runs train and label stages of a changed config, with their plan."""

    def run(changes):
        plan = tiny.plan(tiny.config(tmp_path / "tiny.py", data, changes))
        left = {
            stage.fingerprint: tiny.run(stage, store)
            for stage in plan.stages.values()
            if stage in plan.trainings
            or any(stage.fingerprint in training.inputs for training in plan.trainings)
        }
        return plan, left

    return run


def test_from_scratch_all_models_of_a_run_start_equal(run_all):
    plan, left = run_all({"scheduler": {"type": "ATSO", "generations": 1}, **STILL})
    first, *others = (weights(left[stage.fingerprint]) for stage in plan.trainings)
    assert len(others) == 3
    assert all(same(first, other) for other in others)
    assert any(value.std() > 0 for value in first.values())


def test_another_seed_starts_elsewhere(run_all):
    starts = []
    for seed in (0, 1):
        plan, left = run_all(
            {"scheduler": {"type": "Supervised"}, "randomness.seed": seed, **STILL}
        )
        starts.append(weights(left[plan.models[None]]))
    assert not same(*starts)


def test_a_continual_student_starts_from_its_teacher(run_all):
    changes = {
        "scheduler": {"type": "SelfLearning", "generations": 1},
        "train_cfg.max_iters": 2,
        "roles": {"student": {"optim_wrapper": {"optimizer": {"lr": 0.0, "weight_decay": 0.0}}}},
    }
    plan, left = run_all(changes)
    teacher, student = (weights(left[stage.fingerprint]) for stage in plan.trainings)
    assert same(teacher, student)
    _, scratch = run_all({**STILL, "scheduler": {"type": "Supervised"}})
    assert not same(teacher, weights(*scratch.values()))


def test_pixels_of_pseudo_labels_count_by_their_confidence(run_all):
    found = []
    for rule in ({"weight": 2}, {"weight": 0}, {}):
        changes = {
            "scheduler": {"type": "STSO", "generations": 1},
            "train_cfg.max_iters": 3,
            "pseudo_labels": rule,
        }
        plan, left = run_all(changes)
        found.append([weights(left[stage.fingerprint]) for stage in plan.trainings])
    (first, weighed), (again, alike), (_, plain) = found
    assert same(first, again)
    assert same(alike, plain)
    assert not same(weighed, plain)


@pytest.fixture
def start_file(tiny, data, tmp_path):
    """A weight file that fits but for one tensor's shape, one missing and one unknown name."""
    model = models.build(tiny.settings(data)["model"])
    state = {name: torch.full_like(value, 0.5) for name, value in model.state_dict().items()}
    state["decode_head.conv_seg.weight"] = torch.zeros(7, 4, 1, 1)
    del state["decode_head.conv_seg.bias"]
    state["unknown"] = torch.zeros(1)
    return state, tmp_path / "start.pth"


@pytest.mark.parametrize(
    "wrap", [lambda s: s, lambda s: {"state_dict": s}], ids=["bare", "wrapped"]
)
def test_a_weight_file_replaces_what_fits_and_says_what_does_not(run_all, start_file, store, wrap):
    state, path = start_file
    supervised = {"scheduler": {"type": "Supervised"}, **STILL}
    plan, left = run_all(supervised)
    scratch = weights(left[plan.models[None]])
    torch.save(wrap(state), path)
    plan, left = run_all({**supervised, "load_from": str(path)})
    loaded = weights(left[plan.models[None]])
    kept = {"decode_head.conv_seg.weight", "decode_head.conv_seg.bias"}
    for name, value in loaded.items():
        assert torch.equal(value, scratch[name] if name in kept else state[name]), name
    logs = "".join(
        log.read_text() for log in store.work_dir.glob(f"logs/*{plan.models[None][:8]}/*/*.log")
    )
    assert (
        "kept from the start: ['decode_head.conv_seg.bias', 'decode_head.conv_seg.weight']" in logs
    )


def test_a_weight_file_that_does_not_fit_at_all_is_refused(run_all, tmp_path):
    torch.save({"backbone.stem": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"load_from: no weight in .*other\.pth fits the model"):
        run_all({"load_from": str(tmp_path / "other.pth"), **STILL})


def test_the_start_is_hashed_by_content_not_by_path(tiny, data, start_file, tmp_path):
    state, path = start_file

    def planned(path):
        return tiny.plan(tiny.config(tmp_path / "tiny.py", data, {"load_from": str(path)})).models

    torch.save(state, path)
    copy = tmp_path / "copy.pth"
    copy.write_bytes(path.read_bytes())
    assert planned(path) == planned(copy)
    torch.save({**state, "more": torch.zeros(1)}, copy)
    assert planned(path) != planned(copy)


def test_what_the_config_asks_for_before_the_first_iteration_is_explained(run_all):
    hook = {"type": "EMAHook", "momentum": 7}
    with pytest.raises(UserError, match=r"^train initial: preparing it fails: .*momentum must be"):
        run_all({**STILL, "custom_hooks": [hook]})


def test_training_is_a_bare_loop_to_the_last_iteration(run_all, tiny, data):
    """The model is what plain PyTorch makes of the same start and samples; nothing is chosen."""
    changes = {
        "scheduler": {"type": "Supervised"},
        "model.decode_head.dropout_ratio": 0.0,
        "param_scheduler": None,
        "train_cfg.max_iters": 5,
    }
    plan, left = run_all(changes)
    (stage,) = plan.trainings
    prepare_process(1)
    torch.manual_seed(stage.scratch_seed)
    model = models.build(stage.config.model)
    torch.manual_seed(stage.scratch_seed)
    model.init_weights()
    model.train()
    (source,) = stage.sources
    records = PictureRecords(MaskedCases(source.cases, source.values))
    samples = TrainingSet([Samples(source, None, records)], stage.space, stage.seed)
    order = SampleOrder(["labeled"], [len(stage.sources[0].cases)], "concat", stage.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.05)
    for indices in order.batches(2, 0, 5):
        batch = model.data_preprocessor(collated([samples[i] for i in indices]), True)
        loss, _ = model.parse_losses(model(**batch, mode="loss"))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    published = torch.load(left[plan.models[None]] / "model.pth", weights_only=True)
    assert published["meta"]["iter"] == 5
    assert same(published["state_dict"], model.state_dict())


FREEZING = {
    "ResNet": {"depth": 18, "base_channels": 4, "stem_channels": 4},
    "MobileNetV2": {"widen_factor": 0.1, "out_indices": (1, 2, 4, 6)},
}
"""Backbones that freeze in ``train()``, as mmengine's loops call it; the latter only there."""


@pytest.mark.parametrize("backbone", FREEZING)
@pytest.mark.parametrize("interrupted", [False, True], ids=["whole", "resumed"])
def test_frozen_stages_and_statistics_stay(run_all, tiny, data, monkeypatch, backbone, interrupted):
    changes = {
        "scheduler": {"type": "Supervised"},
        "model.backbone": {
            "type": backbone,
            **FREEZING[backbone],
            "frozen_stages": 1,
            "norm_eval": True,
        },
        "model.decode_head.in_channels": 32,
        "optim_wrapper.optimizer.weight_decay": 0.1,
    }
    if interrupted:
        with monkeypatch.context() as killed:
            killed.setattr(ProgressHook, "after_train_iter", dying_at(2))
            with pytest.raises(KeyboardInterrupt):
                run_all(changes)
    plan, left = run_all(changes)
    (stage,) = plan.trainings
    torch.manual_seed(stage.scratch_seed)
    model = models.build(stage.config.model)
    torch.manual_seed(stage.scratch_seed)
    model.init_weights()
    model.train()
    frozen = {name for name, value in model.named_parameters() if not value.requires_grad}
    assert frozen
    before = model.state_dict()
    after = torch.load(left[stage.fingerprint] / "model.pth", weights_only=True)["state_dict"]
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    statistics = {name for name in before if name.startswith("backbone") and name.endswith(BUFFERS)}
    assert changed == set(before) - frozen - statistics


def dying_at(iteration):
    """Return a hook's method that saves a checkpoint and is interrupted after an iteration."""
    original = ProgressHook.after_train_iter

    def after_train_iter(hook, runner, *rest, **named):
        original(hook, runner, *rest, **named)
        if runner.iter + 1 == iteration:
            raise KeyboardInterrupt

    return after_train_iter


def test_the_model_file_loads_in_mmsegmentation_as_it_is(finished, command, tiny, tmp_path):
    """And gives the same logits there, and so the stored labels."""
    run = finished("Supervised")
    plan = tiny.plan(run.config)
    path = run.work_dir / "artifacts" / plan.models[None] / "model.pth"
    # mmsegmentation's inference looks for the pipeline under this name.
    config = tiny.config(tmp_path / "mmseg.py", run.data, {"test_pipeline": steps(*LOAD)})
    labeling = next(stage for stage in plan.labelings if len(stage.cases) == 3)
    image = labeling.cases[0].image.path
    done = command.call("init_model", config=str(config), weights=str(path), image=image)
    assert done.status == 0, done.output
    answer = json.loads(done.log)
    assert answer["classes"] == list(tiny.classes)
    logits = torch.tensor(answer["logits"])
    maps = run.work_dir / "artifacts" / labeling.fingerprint / "maps"
    stored = read_indices(maps / f"{labeling.cases[0].id}.png")
    assert (logits.argmax(0).numpy() == stored).mean() > 0.99
    assert logits.std() > 0
    model = models.trained(tiny.settings(run.data)["model"], path)
    sample = Image(model, steps(*LOAD)).read(labeling.cases[0])
    with torch.inference_mode():
        own = model.test_step(collated([[sample]]))[0].seg_logits.data
    assert torch.allclose(own, logits, atol=1e-5)


LOAD = ("LoadImageFromFile", "PackSegInputs")


def steps(*names):
    return [{"type": name} for name in names]


def test_the_manifest_says_what_it_was_trained_on(finished, tiny):
    run = finished("ATSO")
    plan = tiny.plan(run.config)
    store = Store(run.work_dir)
    for stage in plan.trainings:
        said = store.manifest(stage.fingerprint)["description"]
        assert (said["role"], said["generation"], said["fold"]) == (
            stage.role,
            stage.generation,
            stage.fold,
        )
        assert said["iterations"] == 4
        assert [
            (s["kind"], s["cases"], s["written_by"], s["coverage"]) for s in said["sources"]
        ] == [(s.kind, len(s.cases), s.written_by, 1.0) for s in stage.sources]


def test_random_weights_are_said(run_all, store):
    plan, _ = run_all({"scheduler": {"type": "Supervised"}, **STILL})
    (log,) = store.work_dir.glob(f"logs/*{plan.models[None][:8]}/*/*.log")
    assert "the model starts from random weights" in log.read_text()


def test_the_console_gets_losses_and_warnings_only(run_all, capfd):
    run_all({"scheduler": {"type": "Supervised"}, **STILL, "default_hooks.logger.interval": 1})
    lines = [line for line in capfd.readouterr().out.splitlines() if "mmengine" in line]
    assert any("Iter(train)" in line for line in lines)
    assert all("Iter(train)" in line or logging.getLevelName(30) in line for line in lines)
