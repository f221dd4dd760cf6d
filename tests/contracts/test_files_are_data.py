"""Law 6: files are data; loading one runs no code."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
from pathlib import Path

import pytest
import torch

import ssl_seg
from ssl_seg.runner import checkpoint, models

SOURCES = sorted(Path(ssl_seg.__file__).parent.rglob("*.py"))
UNSAFE_MODULES = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}


@pytest.fixture
def evil(tmp_path):
    """The bytes of a checkpoint that would make a file when it is loaded, and that file."""

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    torch.save({"state_dict": Evil(), "meta": {"iter": 1}}, tmp_path / "evil.pth")
    return tmp_path / "evil.pth", tmp_path / "harm"


def test_the_evil_file_would_do_harm(evil, monkeypatch):
    path, harm = evil
    monkeypatch.delenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", raising=False)
    torch.load(path, weights_only=False)
    assert harm.exists()


def test_every_file_that_torch_wrote_loads_as_data(finished, command, tmp_path):
    reference = finished("Supervised")
    stage = in_training(reference.events)[0]["stage"]
    command.train(reference.config, tmp_path, kill_at=(stage, 4, "step"))
    written = [*reference.work_dir.rglob("*.pth"), *tmp_path.rglob("*.pth")]
    assert len(written) == 3
    for path in written:
        assert "state_dict" in torch.load(path, weights_only=True)


def in_training(events):
    return [event for event in events if event["kind"] == "train"]


def test_weights_to_start_from_run_no_code(evil, tiny, command, data, tmp_path):
    path, harm = evil
    changes = {"scheduler": {"type": "Supervised"}, "load_from": str(path)}
    config = tiny.config(tmp_path / "tiny.py", data, changes)
    done = command.train(config, tmp_path / "work")
    assert done.status != 0
    assert "evil.pth" in done.output or "Weights only load failed" in done.output
    assert not harm.exists()


def test_a_planted_checkpoint_runs_no_code(evil, finished, command, tmp_path):
    """Also one whose name states its own hash."""
    path, harm = evil
    reference = finished("Supervised")
    stage = in_training(reference.events)[0]["stage"]
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    work_dir = shutil.copytree(reference.work_dir, tmp_path / "work")
    shutil.rmtree(work_dir / "artifacts" / stage)
    planted = work_dir / "running" / stage / f"iter_2.{digest}.pth"
    planted.parent.mkdir(parents=True)
    planted.write_bytes(content)
    done = command.train(reference.config, work_dir)
    assert done.status != 0
    assert not harm.exists()
    with pytest.raises(ValueError, match="tensors and plain values"):
        checkpoint.newest(planted.parent)
    assert not harm.exists()


def test_an_exchanged_model_file_runs_no_code(evil, tiny):
    path, harm = evil
    with pytest.raises(ValueError, match="tensors and plain values"):
        models.trained(tiny.settings(Path())["model"], path)
    assert not harm.exists()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_source_file_can_unpickle(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            assert not UNSAFE_MODULES & {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in UNSAFE_MODULES
        elif isinstance(node, ast.Call):
            given = {word.arg: ast.unparse(word.value) for word in node.keywords}
            assert "allow_pickle" not in given
            assert given.get("weights_only", "True") == "True"
            if ast.unparse(node.func) == "torch.load":
                assert "weights_only" in given, f"{path}:{node.lineno}"
