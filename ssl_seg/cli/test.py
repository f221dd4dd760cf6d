"""``test.py CONFIG CHECKPOINT``: score a trained model on the config's test set."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ssl_seg.catalog.build import read_catalog
from ssl_seg.catalog.index import INDEX, DigestIndex
from ssl_seg.cli.arguments import add_config_options, command_parser, read_config
from ssl_seg.cli.trained import (
    UNSTATED_ROLE,
    configs_without_training,
    model_of,
    views_of,
    weights_by_view,
)
from ssl_seg.config.plugins import import_plugins
from ssl_seg.core.fingerprint import fingerprint
from ssl_seg.core.model_id import ModelId
from ssl_seg.core.stage import MODEL_FILE, EvaluateStage, LabelStage, Stage, Teacher
from ssl_seg.core.views import View
from ssl_seg.execution import Serial, progress
from ssl_seg.report.class_tables import class_table
from ssl_seg.report.metric_columns import metric_column
from ssl_seg.report.overlays import draw_overlays
from ssl_seg.report.render.cells import cell_text
from ssl_seg.report.render.terminal import terminal
from ssl_seg.store import layout
from ssl_seg.store.lock import writer_lock
from ssl_seg.store.manifest import read_json
from ssl_seg.store.store import Store


def run(arguments: Sequence[str] | None = None) -> None:
    """Score a trained model on the test set of a config, as a run's own models are scored."""
    parser = command_parser("test", run.__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument(
        "checkpoint",
        type=Path,
        help="model file; if the config has views, a folder with <view>.pth for each of them",
    )
    parser.add_argument("--work-dir", type=Path, help="folder for masks and scores")
    parser.add_argument(
        "--show-dir",
        type=Path,
        help="folder for pictures: of each view of a volume with the truth in red, the prediction "
        "in green and both in yellow; of an image with the predicted classes",
    )
    add_config_options(parser)
    args = parser.parse_args(arguments)
    config = read_config(args.config, args.cfg_options, None)
    weights = weights_by_view(args.checkpoint, views_of(config))
    work_dir = args.work_dir or Path("work_dirs") / f"{args.config.stem}_test"
    with writer_lock(work_dir):
        layout.put_back(work_dir)
        store = Store(work_dir)
        layout.mark(work_dir)
        label, evaluate = _stages(config, args.config.parent, weights, store)
        stages: dict[str, Stage] = {stage.fingerprint: stage for stage in (label, evaluate)}
        with progress(stages, {name for name in stages if store.has(name)}) as events:
            Serial().run(stages, store, events)
    scores = store.path(evaluate.fingerprint) / "scores.json"
    print(_text(read_json(scores)))
    print(f"masks: {store.path(label.fingerprint) / 'maps'}\nscores: {scores}")
    if args.show_dir:
        index = DigestIndex(work_dir / INDEX)
        draw_overlays(store, index, label.fingerprint, args.show_dir, scores=evaluate.fingerprint)
        print(f"pictures: {args.show_dir}")


def _stages(
    config: Mapping[str, Any], folder: Path, weights: Mapping[View | None, Path], store: Store
) -> tuple[LabelStage, EvaluateStage]:
    """Plan the label and the evaluate stage of a model that no stage of the store trained."""
    # The data set may be a plug-in's.
    import_plugins(config.get("custom_imports"), folder)
    with DigestIndex(store.work_dir / INDEX) as index:
        catalog = read_catalog(
            config["test_dataloader"]["dataset"], index, "test_dataloader.dataset"
        )
    model = model_of(weights)
    role = model.role or UNSTATED_ROLE
    configs = configs_without_training(config, folder, catalog, model.space)
    truth = "the true labels of test_dataloader.dataset"
    values, reduction = configs.mappings.align(catalog.values, configs.space, truth)
    label = LabelStage(
        teachers=(
            Teacher(
                ModelId(role, model.generation, model.fold),
                {view: _adopt(path, store) for view, path in weights.items()},
            ),
        ),
        cases=tuple(case.without_label() for case in catalog.cases),
        space=configs.space,
        pipeline=configs.label_pipeline("test"),
        config=configs.label("test", role),
    )
    evaluate = EvaluateStage(
        predictions=(label.fingerprint,),
        cases=catalog.cases,
        values=values,
        reduction=reduction,
        config=configs.evaluate(),
    )
    return label, evaluate


def _adopt(weights: Path, store: Store) -> str:
    """Take a weight file into the store as an artifact named by its content."""
    with weights.open("rb") as file:
        name = fingerprint({"weights": hashlib.file_digest(file, "sha256").hexdigest()})
    if not store.has(name):
        shutil.copyfile(weights, store.running(name) / "out" / MODEL_FILE)
        store.publish(name, {"kind": "weights", "title": weights.name})
    return name


def _text(scores: Mapping[str, Any]) -> str:
    means = "  ".join(
        f"{name} {cell_text(value, metric_column(name).kind)}"
        for name, value in scores["metrics"].items()
    )
    absent = ", ".join(scores.get("absent", ()))
    left_out = (
        f"\nneither in the truth nor predicted, so left out of the means: {absent}"
        if absent
        else ""
    )
    return f"{terminal(class_table(scores))}\n\n{scores['cases']} cases: {means}{left_out}"
