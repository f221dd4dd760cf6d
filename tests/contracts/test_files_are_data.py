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


def unsafe(node):
    """Tell whether a node of a source file can unpickle."""
    if isinstance(node, ast.Import):
        return bool(UNSAFE_MODULES & {alias.name.partition(".")[0] for alias in node.names})
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] in UNSAFE_MODULES
    if isinstance(node, ast.Call):
        given = {word.arg: ast.unparse(word.value) for word in node.keywords}
        said = given.get("weights_only", "None" if is_torch_load(node) else "True")
        return "allow_pickle" in given or said != "True"
    return False


def is_torch_load(call):
    return ast.unparse(call.func) == "torch.load"


def test_no_source_file_can_unpickle():
    assert [
        f"{path}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if unsafe(node)
    ] == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from shelve import open",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_what_can_unpickle_is_found(line):
    assert any(map(unsafe, ast.walk(ast.parse(line))))
