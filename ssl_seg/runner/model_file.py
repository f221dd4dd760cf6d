"""The file of a trained model, as mmsegmentation's ``init_model`` opens it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from ssl_seg.catalog.palette import generated_palette
from ssl_seg.core.errors import UserError
from ssl_seg.core.model_meta import ModelMeta
from ssl_seg.core.space import LabelSpace
from ssl_seg.core.stage import MODEL_FILE, TrainStage
from ssl_seg.methods.step import STUDENT
from ssl_seg.runner import checkpoint
from ssl_seg.runner.environment import device_name, versions
from ssl_seg.runner.finite import require_finite_training
from ssl_seg.runner.stage_runner import StageRunner
from ssl_seg.store.atomic import write_bytes, write_json

OWN_META = "ssl_seg"
"""Key of the file's ``meta`` under which it says what the model was trained for."""

_OWN_KEYS = [field.name for field in fields(ModelMeta) if field.name != "space"]


def read_model_meta(path: Path) -> ModelMeta:
    """Read what a model file says of its model.

    Raises:
        UserError: it is no file of weights and plain values, or its ``meta`` is of another form.
    """
    meta = checkpoint.load(path).get("meta") or {}
    try:
        own = dict(meta.get(OWN_META) or {})
        name = own.get("space", path.stem)
        # A later version may say more.
        known = {key: own[key] for key in _OWN_KEYS if key in own}
        return ModelMeta(space=_space(name, meta.get("dataset_meta") or {}), **known)
    except UserError as error:
        raise UserError(f"{path}: meta.dataset_meta: {error}") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise UserError(
            f"{path}: its meta is of another form than that of model files of ssl_seg and "
            "mmsegmentation; export the state dict alone to a new file"
        ) from error


def _space(name: str, stated: Mapping[str, Any]) -> LabelSpace | None:
    """Return the classes that a model file states; mmsegmentation need not know their colours."""
    classes = tuple(stated.get("classes") or ())
    if not classes:
        return None
    palette = tuple((int(r), int(g), int(b)) for r, g, b in stated.get("palette") or ())
    return LabelSpace(name, classes, palette or generated_palette(len(classes)))


def write_model(runner: StageRunner, stage: TrainStage, out: Path) -> None:
    """Write ``model.pth`` and ``environment.json`` of a training that has ended.

    Args:
        runner: of the training.
        stage: what it trained.
        out: folder of the artifact to be.
    """
    # As a checkpoint, so that hooks that average weights put theirs in.
    state = checkpoint.state_of(runner, stage.size)
    published = runner.method.published
    if published == STUDENT:
        weights = state["state_dict"]
    else:
        weights = state["networks"][published]
        require_finite_training(weights, runner.networks[published], stage.size)
    meta = {
        "iter": stage.size,
        "dataset_meta": {
            "classes": list(stage.space.classes),
            "palette": [list(colour) for colour in stage.space.palette],
        },
        OWN_META: {
            "space": stage.space.name,
            "role": stage.role,
            "generation": stage.generation,
            "fold": stage.fold,
            "view": stage.view,
            "section": stage.section,
        },
    }
    model = {"meta": meta, "state_dict": weights}
    write_bytes(out / MODEL_FILE, checkpoint.to_bytes(model))
    write_json(out / "environment.json", {"device": device_name(), "versions": versions()})
