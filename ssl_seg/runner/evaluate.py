"""How an evaluate stage runs: stored masks against true labels, case by case.

It opens no model, so it needs no torch, and its memory does not grow with the number of cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace
from ssl_seg.core.stage import EvaluateStage
from ssl_seg.media.by_name import medium_of
from ssl_seg.media.stored_masks import mask_path, read_mask, read_true_mask
from ssl_seg.metrics.metric import Metric, Sample
from ssl_seg.registry import METRICS
from ssl_seg.store import atomic
from ssl_seg.store.manifest import read_json
from ssl_seg.store.store import Store


def run(
    stage: EvaluateStage, store: Store, out: Path, advance: Callable[[int], None]
) -> dict[str, Any]:
    """Score stored masks and write ``out/scores.json`` and ``out/manifest.json``.

    The manifest says what was compared: ``predictions`` (fingerprints), ``truth`` and ``predicted``
    (how true and stored masks are read, as plain data) and ``cases`` with the digest of each one's
    true ``mask``. The scores hold ``space`` (as plain data), ``cases`` (how many), ``predictions``,
    ``max_side`` (longest side in pixels or null), ``reduced`` (how many cases were compared at a
    size reduced to it) and what the metrics state: ``metrics``, ``classes`` (scores by class name)
    and more. A mask of the true mask's own size is compared at that size.

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
    folders = _folders_of_maps(stage, store)
    metrics: list[Metric] = [
        METRICS.build(cfg, space, where=f"test_evaluator[{number}]")
        for number, cfg in enumerate(stage.config.metrics)
    ]
    reduced = 0
    for done, case in enumerate(stage.cases, start=1):
        path = mask_path(folders[case.id], case)
        sample, shrunk = _sample(stage, case, folders[case.id])
        reduced += shrunk
        for metric in metrics:
            try:
                metric.add(sample)
            except UserError as error:
                raise UserError(f"{path}: {error}") from error
        advance(done)
    scores: dict[str, Any] = {
        "space": space.plain(),
        "cases": len(stage.cases),
        "predictions": list(stage.predictions),
        "max_side": stage.config.max_side,
        "reduced": reduced,
    }
    for metric in metrics:
        _merge(scores, metric.scores(), "")
    atomic.write_json(out / "scores.json", scores)
    atomic.write_json(out / "manifest.json", _compared(stage))
    return {"space": space.name, "cases": scores["cases"], "metrics": scores["metrics"]}


def _compared(stage: EvaluateStage) -> dict[str, Any]:
    """Return what a picture of the comparison needs to know."""
    return {
        "predictions": list(stage.predictions),
        "truth": stage.values.plain(),
        "predicted": stage.predicted.plain(),
        "cases": [{"case": c.id, "mask": c.label.digest} for c in stage.cases if c.label],
    }


def _folders_of_maps(stage: EvaluateStage, store: Store) -> dict[str, Path]:
    """Return the folder of each case's mask."""
    expected = stage.values.space if stage.reduction is None else stage.reduction.source
    folders: dict[str, Path] = {}
    for name in stage.predictions:
        artifact = store.path(name)
        manifest_path = artifact / "manifest.json"
        manifest = read_json(manifest_path)
        _require_space(manifest["space"], expected, manifest_path)
        for entry in manifest["cases"]:
            folder = artifact / "maps"
            if (other := folders.setdefault(entry["case"], folder)) != folder:
                raise ValueError(
                    f"case {entry['case']!r} was labeled twice, in {other} and {folder}"
                )
    if missing := [case.id for case in stage.cases if case.id not in folders]:
        raise ValueError(
            f"{len(missing)} of {len(stage.cases)} cases have no stored mask, e.g. "
            f"{missing[0]!r}; looked in {', '.join(str(store.path(n)) for n in stage.predictions)}"
        )
    return folders


def _require_space(predicted: Mapping[str, Any], space: LabelSpace, where: Path) -> None:
    if list(predicted["classes"]) != list(space.classes):
        raise UserError(
            f"{where}: the maps are in label space {predicted['name']!r} with "
            f"{len(predicted['classes'])} classes, the true labels in {space.name!r} with "
            f"{len(space)}; both must name the same classes in the same order"
        )


def _sample(stage: EvaluateStage, case: Case, folder: Path) -> tuple[Sample, bool]:
    """Return what metrics see of a case, and whether its true mask was shrunk for it."""
    assert case.label is not None  # noqa: S101 - an evaluate stage refuses cases without a label
    medium = medium_of(case)
    prediction = read_mask(folder, case, stage.predicted)
    truth = read_true_mask(case, stage.values)
    scored = medium.scored(truth, prediction, stage.config.max_side)
    if prediction.shape != scored.shape:
        size = medium.written_size(scored)
        shrunk = "" if scored is truth else f" or shrunk to {size} by max_side"
        raise UserError(
            f"the mask {mask_path(folder, case)} is {medium.written_size(prediction)}, the true "
            f"label {case.label.path} {medium.written_size(truth)}; labels are stored at the size "
            f"of the true label{shrunk}"
        )
    sample = Sample(
        case=case.id, prediction=prediction, truth=scored, spacing_mm=medium.spacing(case)
    )
    return sample, scored is not truth


def _merge(into: dict[str, Any], part: Mapping[str, Any], where: str) -> None:
    """Add nested scores; what two metrics state differently under one name is an error."""
    for name, value in part.items():
        place = f"{where}.{name}" if where else name
        if isinstance(value, Mapping):
            _merge(into.setdefault(name, {}), value, place)
        elif into.setdefault(name, value) != value:
            raise UserError(f"two metrics state different values under {place!r}; drop one of them")
