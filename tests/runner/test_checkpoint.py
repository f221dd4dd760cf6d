"""Checkpoints are whole or not there, and hold all that a training needs to go on."""

from __future__ import annotations

import pytest
import torch

from ssl_seg.runner.checkpoint import newest, save_progress, to_bytes


def state(number):
    return {"meta": {"iter": number}, "state_dict": {"w": torch.full((3,), float(number))}}


def names(folder):
    return sorted(path.name.split(".")[0] for path in folder.iterdir())


def test_the_newest_is_found_by_iteration(tmp_path):
    for number in (8, 9, 10, 100):
        save_progress(tmp_path, number, state(number), kept=10)
    assert newest(tmp_path)["meta"]["iter"] == 100
    assert torch.equal(newest(tmp_path)["state_dict"]["w"], torch.full((3,), 100.0))


def test_only_the_newest_ones_are_kept(tmp_path):
    for number in range(1, 12):
        save_progress(tmp_path, number, state(number), kept=3)
    assert names(tmp_path) == ["iter_10", "iter_11", "iter_9"]


def test_without_a_checkpoint_there_is_none(tmp_path):
    assert newest(tmp_path) is None


@pytest.mark.parametrize(
    "damage", [lambda b: b"", lambda b: b[:-1], lambda b: b[:50] + b"x" + b[51:]]
)
def test_a_damaged_one_falls_back_to_the_one_before(tmp_path, damage):
    for number in (1, 2):
        save_progress(tmp_path, number, state(number))
    (last,) = tmp_path.glob("iter_2.*")
    last.write_bytes(damage(last.read_bytes()))
    assert newest(tmp_path)["meta"]["iter"] == 1


def test_files_of_other_programs_are_left_alone(tmp_path):
    for name in ("iter_7.pth", "best_iter_9.0123456789abcdef.pth", "out"):
        (tmp_path / name).write_bytes(b"")
    save_progress(tmp_path, 1, state(1), kept=1)
    assert newest(tmp_path)["meta"]["iter"] == 1
    assert len(list(tmp_path.iterdir())) == 4


def test_equal_values_give_equal_bytes():
    assert to_bytes(state(1)) == to_bytes(state(1))
    assert to_bytes(state(1)) != to_bytes(state(2))


AVERAGED = {"custom_hooks": [{"type": "EMAHook", "momentum": 0.3}]}
TRAININGS = {
    "averaged weights": AVERAGED,
    "averaged weights and buffers": {
        "custom_hooks": [{"type": "EMAHook", "momentum": 0.3, "update_buffers": True}]
    },
    "bfloat16": {"optim_wrapper.type": "AmpOptimWrapper", "optim_wrapper.dtype": "bfloat16"},
    "gradients of two iterations": {
        "optim_wrapper.accumulative_counts": 2,
        "default_hooks.checkpoint.interval": 2,
    },
    "schedules one after another": {
        "param_scheduler": [
            {"type": "LinearLR", "start_factor": 0.1, "begin": 0, "end": 2, "by_epoch": False},
            {"type": "CosineAnnealingLR", "T_max": 3, "begin": 2, "end": 5, "by_epoch": False},
        ]
    },
    "momentum": {"optim_wrapper.optimizer": {"type": "SGD", "lr": 0.05, "momentum": 0.9}},
    "workers": {"train_dataloader.num_workers": 2},
}


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_that_goes_on_ends_with_the_same_bits(
    name, tiny, command, data, contents, tmp_path
):
    changes = {
        "scheduler": {"type": "Supervised"},
        "train_cfg.max_iters": 5,
        "split.labeled": 10,
        **TRAININGS[name],
    }
    config = tiny.config(tmp_path / "tiny.py", data, changes)
    whole = command.train(config, tmp_path / "whole")
    assert whole.status == 0, whole.output
    (stage,) = {event["stage"] for event in whole.events if event["kind"] == "train"}
    for advances in (3, 4):
        killed = command.train(config, tmp_path / "killed", kill_at=(stage, advances, "advance"))
        assert killed.status == -9
    assert command.train(config, tmp_path / "killed").status == 0
    assert contents(tmp_path / "killed/artifacts") == contents(tmp_path / "whole/artifacts")


def test_averaged_weights_are_the_result(tiny, command, data, tmp_path):
    models = []
    for name, changes in (("plain", {}), ("averaged", AVERAGED)):
        changes = {"scheduler": {"type": "Supervised"}, **changes}
        config = tiny.config(tmp_path / f"{name}.py", data, changes)
        assert command.train(config, tmp_path / name).status == 0
        (path,) = (tmp_path / name).glob("artifacts/*/model.pth")
        models.append(torch.load(path, weights_only=True)["state_dict"])
    plain, averaged = models
    assert plain.keys() == averaged.keys()
    assert not torch.equal(
        plain["decode_head.conv_seg.weight"], averaged["decode_head.conv_seg.weight"]
    )
