"""Starting over: nothing is lost before the new run has planned."""

import json

import pytest

from ssl_seg.cli.benchmark import run as benchmark
from ssl_seg.cli.train import run as train
from ssl_seg.core.errors import UserError
from ssl_seg.registry import EXECUTORS
from ssl_seg.store import Store

FINGERPRINT = "0" * 32


@pytest.fixture
def work_dir(tmp_path):
    """A work dir with an artifact, work in progress and a plan of an earlier run."""
    store = Store(tmp_path / "work")
    (store.running(FINGERPRINT) / "out" / "file").write_bytes(b"content")
    store.publish(FINGERPRINT, {})
    store.running("1" * 32)
    store.save_plan({"name": "earlier"})
    return tmp_path / "work"


def contents(folder):
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    # The lock and the index of file digests are no results.
    return {path: data for path, data in files.items() if path.name not in (".lock", "index.json")}


@pytest.mark.parametrize(
    "mistake",
    [
        "thread=2",
        "test_dataloader.dataset.data_root=nowhere",
        "scheduler.generations=0",
        "model.backbone.type=UNett",
        "model.decode_head.num_convs=-1",
    ],
)
def test_fresh_with_a_mistake_in_the_config_removes_nothing(images, work_dir, mistake):
    before = contents(work_dir)
    config = str(images.config)
    with pytest.raises(UserError):
        train([config, "--work-dir", str(work_dir), "--fresh", "--cfg-options", mistake])
    assert contents(work_dir) == before


@pytest.mark.parametrize("threshold", [0.5, 3])
def test_volumes_without_foreground_do_not_stop_a_run_that_has_others(
    volumes, scans, tmp_path, threshold
):
    for name, length in (("least", 9), ("most", 14)):
        image, label = scans(7, (length, 10, 8))
        scans.write(tmp_path / f"train/images/{name}.nii.gz", image)
        scans.write(tmp_path / f"train/labels/{name}.nii.gz", 0 * label)
    for kind, voxels in zip(("images", "labels"), scans(1), strict=True):
        scans.write(tmp_path / f"train/{kind}/some.nii.gz", voxels)
    options = [
        f"train_dataloader.dataset.data_root={tmp_path / 'train'}",
        "split.labeled=3",
        f"slice_threshold={threshold}",
        "train_cfg.max_iters=1",
    ]
    train([str(volumes.config), "--work-dir", str(tmp_path / "work"), "--cfg-options", *options])


def test_a_dry_run_of_fresh_removes_nothing_and_counts_nothing(images, work_dir, capsys):
    before = contents(work_dir)
    train([str(images.config), "--work-dir", str(work_dir), "--fresh", "--dry-run"])
    assert contents(work_dir) == before
    assert "stages in all, 0 done" in capsys.readouterr().out


def test_fresh_removes_earlier_results_once_the_plan_stands(images, work_dir):
    options = ["--fresh", "--cfg-options", "train_cfg.max_iters=1"]
    train([str(images.config), "--work-dir", str(work_dir), *options])
    store = Store(work_dir)
    assert not store.has(FINGERPRINT)
    assert [plan["name"] for plan in store.plans()] == ["images-seed0"]
    assert not (work_dir / "aside").exists()
    assert not (work_dir / "trash").exists()


def test_what_a_killed_fresh_set_aside_is_put_back_by_the_next_run(images, work_dir):
    before = contents(work_dir)
    (work_dir / "aside").mkdir()
    for name in ("artifacts", "running", "plans", "store.json"):
        (work_dir / name).rename(work_dir / "aside" / name)
    mistake = "test_dataloader.dataset.data_root=nowhere"
    with pytest.raises(UserError, match="nowhere"):
        train([str(images.config), "--work-dir", str(work_dir), "--cfg-options", mistake])
    assert contents(work_dir) == before
    assert not (work_dir / "aside").exists()


def test_configs_of_one_benchmark_have_one_executor(images, tmp_path, monkeypatch):
    monkeypatch.setattr(EXECUTORS, "_module_dict", dict(EXECUTORS.module_dict))

    @EXECUTORS.register_module()
    class Backwards: ...

    other = tmp_path / "other.py"
    other.write_text(f"_base_ = [{str(images.config)!r}]\nexecutor = dict(type='Backwards')\n")
    command = [str(images.config), str(other), "--work-dir", str(tmp_path / "work"), "--dry-run"]
    with pytest.raises(UserError, match=r"images-seed0 has .*'Serial'.* and other.*'Backw"):
        benchmark(command)
    benchmark([*command, "--cfg-options", "executor.type=Serial"])


def test_going_on_under_other_versions_is_said_in_one_line(images, tmp_path, caplog):
    command = [str(images.config), "--work-dir", str(tmp_path), "--cfg-options"]
    train([*command, "train_cfg.max_iters=1"])
    assert "were made by" not in caplog.text
    for path in tmp_path.glob("artifacts/*/environment.json"):
        noted = json.loads(path.read_text())
        noted["versions"] |= {"torch": "1.13.1", "scipy": "1.0"}
        path.write_text(json.dumps(noted))
    # Another batch size: the model is there already, labels and scores are not.
    train([*command, "train_cfg.max_iters=1", "test_dataloader.batch_size=1"])
    (line,) = (record for record in caplog.messages if "were made by" in record)
    assert "were made by scipy 1.0 (now 1." in line
    assert ", torch 1.13.1 (now 2." in line
    assert "numpy" not in line
