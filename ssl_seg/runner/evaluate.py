"""How an evaluate stage runs: stored label maps against true labels, case by case.

It opens no model, so it needs no torch, and its memory does not grow with the number of cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ssl_seg.core.case import Case
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.stage import EvaluateStage
from ssl_seg.data.label_maps import read_indices, read_truth
from ssl_seg.metrics.metric import Metric, Sample
from ssl_seg.registry import METRICS
from ssl_seg.store import atomic
from ssl_seg.store.manifest import read_json
from ssl_seg.store.store import Store


def run(
    stage: EvaluateStage, store: Store, out: Path, advance: Callable[[int], None]
) -> dict[str, Any]:
    """Score stored label maps and write ``out/scores.json``.

    It holds ``space`` (as plain data), ``cases`` (how many), ``predictions`` (fingerprints) and
    what the metrics state: ``metrics``, ``classes`` (scores by class name) and more.

    Args:
        stage: which label stages' maps to compare with which cases' true labels.
        store: holds the artifacts of the label stages.
        out: folder of the artifact to be.
        advance: called with the number of cases done.

    Returns:
        What the artifact's manifest says of it: space, number of cases, metrics.

    Raises:
        ValueError: a case has no stored map or more than one, the models predict another label
            space, or a map has the wrong size or values.
    """
    space = stage.values.space
    maps = _stored_maps(stage, store)
    metrics: list[Metric] = [
        METRICS.build(cfg, space, where=f"test_evaluator[{number}]")
        for number, cfg in enumerate(stage.recipe["metrics"])
    ]
    for done, case in enumerate(stage.cases, start=1):
        path = maps[case.id]
        sample = _sample(case, path, stage.values)
        for metric in metrics:
            try:
                metric.add(sample)
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from error
        advance(done)
    scores: dict[str, Any] = {
        "space": space.plain(),
        "cases": len(stage.cases),
        "predictions": list(stage.predictions),
    }
    for metric in metrics:
        _merge(scores, metric.scores(), "")
    atomic.write_json(out / "scores.json", scores)
    return {"space": space.name, "cases": scores["cases"], "metrics": scores["metrics"]}


def _stored_maps(stage: EvaluateStage, store: Store) -> dict[str, Path]:
    """Return where the label map of each case lies."""
    maps: dict[str, Path] = {}
    for name in stage.predictions:
        artifact = store.path(name)
        manifest_path = artifact / "manifest.json"
        manifest = read_json(manifest_path)
        _require_space(manifest["space"], stage.values.space, manifest_path)
        for entry in manifest["cases"]:
            path = artifact / "maps" / f"{entry['case']}.png"
            if (other := maps.setdefault(entry["case"], path)) != path:
                raise ValueError(f"case {entry['case']!r} was labeled twice: {other} and {path}")
    if missing := [case.id for case in stage.cases if case.id not in maps]:
        raise ValueError(
            f"{len(missing)} of {len(stage.cases)} cases have no stored label map, e.g. "
            f"{missing[0]!r}; looked in {', '.join(str(store.path(n)) for n in stage.predictions)}"
        )
    return maps


def _require_space(predicted: Mapping[str, Any], space: LabelSpace, where: Path) -> None:
    if list(predicted["classes"]) != list(space.classes):
        raise ValueError(
            f"{where}: the maps are in label space {predicted['name']!r} with "
            f"{len(predicted['classes'])} classes, the true labels in {space.name!r} with "
            f"{len(space)}; both must name the same classes in the same order"
        )


def _sample(case: Case, path: Path, values: LabelValues) -> Sample:
    assert case.label is not None  # noqa: S101 - an evaluate stage refuses cases without a label
    truth_path = Path(case.label.path)
    prediction, truth = read_indices(path), read_truth(truth_path, values)
    if prediction.shape != truth.shape:
        (height, width), (true_height, true_width) = prediction.shape, truth.shape
        raise ValueError(
            f"the label map {path} is {width}x{height} pixels, the true label {truth_path} "
            f"{true_width}x{true_height}; labels are stored at the size of the true label"
        )
    return Sample(case=case.id, prediction=prediction, truth=truth)


def _merge(into: dict[str, Any], part: Mapping[str, Any], where: str) -> None:
    """Add nested scores; what two metrics state differently under one name is an error."""
    for name, value in part.items():
        place = f"{where}.{name}" if where else name
        if isinstance(value, Mapping):
            _merge(into.setdefault(name, {}), value, place)
        elif into.setdefault(name, value) != value:
            raise ValueError(
                f"two metrics state different values under {place!r}; drop one of them"
            )
