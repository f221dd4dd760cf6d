"""The file of a trained model, as mmsegmentation's ``init_model`` opens it."""

from __future__ import annotations

from pathlib import Path

from mmengine.runner import Runner

from ssl_seg.core.stage import MODEL_FILE, TrainStage
from ssl_seg.runner import checkpoint
from ssl_seg.runner.environment import device_name, versions
from ssl_seg.store.atomic import write_bytes, write_json


def write_model(runner: Runner, stage: TrainStage, out: Path) -> None:
    """Write ``model.pth`` and ``environment.json`` of a training that has ended.

    Args:
        runner: of the training.
        stage: what it trained.
        out: folder of the artifact to be.
    """
    state = checkpoint.state_of(runner, stage.size)
    meta = {
        "iter": stage.size,
        "dataset_meta": {
            "classes": list(stage.space.classes),
            "palette": [list(colour) for colour in stage.space.palette],
        },
    }
    model = {"meta": meta, "state_dict": state["state_dict"]}
    write_bytes(out / MODEL_FILE, checkpoint.to_bytes(model))
    write_json(out / "environment.json", {"device": device_name(), "versions": versions()})
