"""Law 4: the same config, data, seed and threads give the same artifacts."""

from __future__ import annotations

import shutil

import pytest

from ssl_seg.config.key import neutral
from ssl_seg.config.keys import KEYS
from ssl_seg.config.nested_keys import HOOKS, LOADER
from ssl_seg.config.unused_keys import UNUSED

NEUTRAL = {
    "cache_dir": "elsewhere",
    "log_level": "WARNING",
    "log_processor": {"by_epoch": False, "window_size": 3},
    "vis_backends": [{"type": "LocalVisBackend", "scalar_save_file": "losses.json"}],
    "visualizer": {"type": "SegLocalVisualizer"},
    "work_dir": "another",
    "executor": {"type": "Serial"},
    "default_hooks.logger": {"type": "LoggerHook", "interval": 1, "log_metric_by_epoch": False},
    "default_hooks.timer": {"type": "IterTimerHook"},
    "default_hooks.visualization": {"type": "SegVisualizationHook"},
    "default_hooks.checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 3},
    "default_hooks.runtime_info": {"type": "RuntimeInfoHook"},
    "default_hooks.sampler_seed": {"type": "DistSamplerSeedHook"},
    "train_dataloader.num_workers": 2,
    "train_dataloader.pin_memory": True,
    "train_dataloader.prefetch_factor": 4,
    "train_dataloader.persistent_workers": True,
    "test_dataloader.num_workers": 2,
    "test_dataloader.pin_memory": True,
    "test_dataloader.prefetch_factor": 4,
    "test_dataloader.persistent_workers": True,
    "auto_scale_lr": {"enable": True, "base_batch_size": 16},
    "default_scope": "mmseg",
    "launcher": "pytorch",
    "resume": False,
    "test_cfg": {"type": "TestLoop"},
    "tta_model": {"type": "SegTTAModel"},
    "tta_pipeline": [],
    "val_cfg": {"type": "ValLoop"},
    "val_evaluator": {"type": "IoUMetric"},
}
"""A value for each neutral key that is not the one of the tiny config."""

NEEDS_WORKERS = ("pin_memory", "prefetch_factor", "persistent_workers")


def test_every_neutral_key_is_tried():
    loaders = {
        f"{loader}.{key}"
        for loader in ("train_dataloader", "test_dataloader")
        for key in neutral(LOADER)
    }
    hooks = {f"default_hooks.{key}" for key in neutral(HOOKS)}
    assert set(NEUTRAL) == {*neutral(KEYS), *UNUSED, *loaders, *hooks}


def changes_of(key):
    loader, _, name = key.partition(".")
    workers = {f"{loader}.num_workers": 1} if name in NEEDS_WORKERS else {}
    return {key: NEUTRAL[key], **workers}


@pytest.fixture
def reference(finished):
    return finished("Supervised")


def changed(tiny, reference, folder, changes):
    """Return the path of the reference run's config with changes."""
    changes = {"scheduler": {"type": "Supervised"}, **changes}
    return tiny.config(folder / reference.config.name, reference.data, changes)


@pytest.mark.parametrize("key", sorted(NEUTRAL))
def test_a_neutral_key_changes_no_fingerprint(key, tiny, reference, tmp_path):
    config = changed(tiny, reference, tmp_path, changes_of(key))
    assert list(tiny.plan(config).stages) == list(tiny.plan(reference.config).stages)


@pytest.mark.parametrize("of_loaders", [True, False])
def test_neutral_keys_change_no_bit(of_loaders, tiny, reference, command, contents, tmp_path):
    """All are changed at once: none may change a bit, whatever the others are."""
    changes = {
        key: value
        for key, value in NEUTRAL.items()
        if ("_dataloader." in key) is of_loaders and key not in UNUSED
    }
    assert changes
    config = changed(tiny, reference, tmp_path, changes)
    done = command.train(config, tmp_path / "work")
    assert done.status == 0, done.output
    assert contents(tmp_path / "work/artifacts") == contents(reference.work_dir / "artifacts")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("randomness.seed", 1),
        ("split.seed", 1),
        ("threads", 2),
        ("train_cfg.max_iters", 3),
        ("train_dataloader.batch_size", 3),
        ("test_dataloader.batch_size", 3),
        ("optim_wrapper.optimizer.lr", 0.04),
        ("model.decode_head.dropout_ratio", 0.2),
        ("model.backbone.base_channels", 2),
        ("inference", {"type": "Image", "flip": True}),
        ("mix", {"labeled": 0.5}),
        ("pseudo_labels.threshold", 0.5),
        ("env_cfg", {"cudnn_benchmark": True}),
        ("custom_hooks", [{"type": "EMAHook"}]),
        ("test_evaluator", [{"type": "IoUMetric", "iou_metrics": ["mFscore"]}]),
    ],
)
def test_any_other_key_changes_a_fingerprint(key, value, tiny, finished, tmp_path):
    """Else a stage would be taken from the store that was made in another way."""
    reference = finished("ATSO")
    changes = {key: value}
    if key == "model.backbone.base_channels":
        changes["model.decode_head.in_channels"] = value
    config = tiny.config(tmp_path / reference.config.name, reference.data, changes)
    assert set(tiny.plan(config).stages) != set(tiny.plan(reference.config).stages)


@pytest.mark.parametrize("key", ["randomness.seed", "split.seed"])
def test_another_seed_gives_another_model(key, tiny, reference, command, tmp_path):
    config = changed(tiny, reference, tmp_path, {key: 1})
    done = command.train(config, tmp_path / "work")
    assert done.status == 0, done.output
    (model,) = (tmp_path / "work").glob("artifacts/*/model.pth")
    (other,) = reference.work_dir.glob("artifacts/*/model.pth")
    assert model.read_bytes() != other.read_bytes()


def test_another_place_gives_the_same_artifacts(tiny, finished, command, contents, tmp_path):
    """A curriculum has stages of every kind: folds, joined labels, guidance by fewer classes."""
    reference = finished("Curriculum")
    data = shutil.copytree(reference.data, tmp_path / "elsewhere/data")
    schedule = tiny.plan(reference.config).scheduler
    config = tiny.config(tmp_path / "other" / reference.config.name, data, {"scheduler": schedule})
    done = command.train(config, tmp_path / "other/run")
    assert done.status == 0, done.output
    assert contents(tmp_path / "other/run/artifacts") == contents(reference.work_dir / "artifacts")


def test_loader_workers_change_no_bit_of_a_whole_schedule(
    tiny, finished, command, contents, tmp_path
):
    reference = finished("ATSO")
    workers = {f"{loader}.num_workers": 2 for loader in ("train_dataloader", "test_dataloader")}
    config = tiny.config(tmp_path / reference.config.name, reference.data, workers)
    done = command.train(config, tmp_path / "work")
    assert done.status == 0, done.output
    assert contents(tmp_path / "work/artifacts") == contents(reference.work_dir / "artifacts")
