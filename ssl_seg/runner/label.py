"""Label cases with a trained model: one mask per case, and a manifest."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from ssl_seg.core.case import Case
from ssl_seg.core.class_shares import vanished
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace
from ssl_seg.core.stage import MODEL_FILE, LabelStage, Teacher
from ssl_seg.data.pseudo_labels import LEVELS
from ssl_seg.media.stored_masks import write_prediction
from ssl_seg.media.stored_probabilities import write_probabilities
from ssl_seg.models.predictor import Prediction, Predictor
from ssl_seg.runner.environment import device_name, prepare_process, versions
from ssl_seg.runner.predictors import open_predictor
from ssl_seg.runner.readers import reader_of
from ssl_seg.store.atomic import write_json
from ssl_seg.store.store import Store

logger = logging.getLogger(__name__)

_PART = 1 << 22


def run(
    stage: LabelStage, store: Store, running: Path, advance: Callable[[int], None]
) -> dict[str, Any]:
    """Label the stage's cases, going on after the batches that a killed run finished.

    Writes ``out/maps/<case>.png`` (indexed, 8 bits), where asked ``out/confidence/<case>.png``
    (grey, 255 is 1.0) and ``out/probabilities/<case>.npz``, then ``out/manifest.json`` and
    ``out/environment.json``; maps of volumes are ``.nii.gz`` files in their own grids. Cases
    stream: memory does not grow with their number.

    Returns:
        What the artifact's manifest says of it: teacher, number of cases, mean confidence.
    """
    prepare_process(stage.config.threads)
    weights = [
        {view: store.path(name) / MODEL_FILE for view, name in teacher.networks.items()}
        for teacher in stage.teachers
    ]
    reader = reader_of(stage.config, store)
    predictor = open_predictor(stage.config, weights, stage.pipeline, reader)
    batches = _batches(stage, running / "batches")
    left = [batch for batch in batches if not batch.record.is_file()]
    done = len(stage.cases) - sum(len(batch.cases) for batch in left)
    advance(done)
    samples = _samples(predictor, left, stage.config.neutral.loader)
    for batch, read in zip(left, samples, strict=True):
        _label_batch(batch, predictor.predict(read), stage, running / "out")
        done += len(batch.cases)
        advance(done)
    return _finish(stage, batches, running / "out")


@dataclass(frozen=True)
class _Batch:
    """Cases that go through the network together, and the file that says they are done."""

    cases: tuple[Case, ...]
    record: Path


def _batches(stage: LabelStage, folder: Path) -> list[_Batch]:
    """Form the batches before work is dealt out.

    What a network says of an image may depend on how many it sees at once, so a resumed run must
    form the same ones.
    """
    folder.mkdir(exist_ok=True)
    size = stage.config.batch_size
    return [
        _Batch(stage.cases[start : start + size], folder / f"{start}.json")
        for start in range(0, len(stage.cases), size)
    ]


@final
class _Reading(Dataset[Any]):
    """Reads cases in loader workers."""

    def __init__(self, predictor: Predictor, cases: Sequence[Case]) -> None:
        self._predictor = predictor
        self._cases = cases

    def __getitem__(self, index: int) -> Any:
        return self._predictor.read(self._cases[index])


def _samples(
    predictor: Predictor, batches: Sequence[_Batch], loader: Mapping[str, Any]
) -> Iterator[list[Any]]:
    cases = [case for batch in batches for case in batch.cases]
    places = iter(range(len(cases)))
    indices = [[next(places) for _ in batch.cases] for batch in batches]
    workers = dict(loader) if loader.get("num_workers") else {"num_workers": 0}
    reading = _Reading(predictor, cases)
    yield from DataLoader(reading, batch_sampler=indices, collate_fn=list, **workers)


def _label_batch(
    batch: _Batch, predictions: Sequence[Prediction], stage: LabelStage, out: Path
) -> None:
    entries = []
    levels = np.zeros((len(stage.space), LEVELS), dtype=np.int64)
    for case, prediction in zip(batch.cases, predictions, strict=True):
        asked = stage.config.confidence
        confidence = prediction.confidence if asked else None
        path = write_prediction(out, case, prediction.labels, stage.space, confidence)
        if stage.config.probabilities:
            write_probabilities(out, case, _probabilities(case, prediction))
        entries.append(_entry(case, path, prediction, stage.space))
        if asked:
            levels += _by_level(prediction, len(stage.space))
    record: dict[str, Any] = {"cases": entries}
    if stage.config.confidence:
        record["levels"] = levels.tolist()
    # The record comes last: a batch without one is labeled again.
    write_json(batch.record, record)


def _probabilities(case: Case, prediction: Prediction) -> NDArray[np.floating]:
    if prediction.probabilities is None:
        raise UserError(
            f"store_probabilities: what predicts {case.id!r} (inference, or an adapter around it) "
            "states no probabilities of all classes; set store_probabilities=False"
        )
    return prediction.probabilities()


def _entry(case: Case, path: Path, prediction: Prediction, space: LabelSpace) -> dict[str, Any]:
    return {
        "case": case.id,
        "image": case.image.digest,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "histogram": _by_class(prediction.labels, len(space)).tolist(),
        "confidence": float(prediction.confidence.mean(dtype=np.float64)),
    }


def _by_class(labels: np.ndarray, classes: int) -> np.ndarray:
    """Count pixels by class, (C,)."""
    flat = labels.ravel()
    return sum(
        (np.bincount(flat[part], minlength=classes) for part in _parts(flat.size)),
        start=np.zeros(classes, np.int64),
    )


def _by_level(prediction: Prediction, classes: int) -> np.ndarray:
    """Count pixels by class and 8-bit confidence, (C, 256)."""
    labels, confidence = prediction.labels.ravel(), prediction.confidence.ravel()
    counts = np.zeros(classes * LEVELS, np.int64)
    for part in _parts(labels.size):
        level = np.rint(confidence[part] * (LEVELS - 1)).astype(np.int64)
        joint = labels[part].astype(np.int64) * LEVELS + level
        counts += np.bincount(joint, minlength=len(counts))
    return counts.reshape(classes, LEVELS)


def _parts(size: int) -> Iterator[slice]:
    """Cut a number of pixels into parts: counting makes eight bytes of each one."""
    for start in range(0, size, _PART):
        yield slice(start, start + _PART)


def _finish(stage: LabelStage, batches: Sequence[_Batch], out: Path) -> dict[str, Any]:
    records = [json.loads(batch.record.read_text()) for batch in batches]
    entries = [entry for record in records for entry in record["cases"]]
    pixels = np.array([sum(entry["histogram"]) for entry in entries], dtype=np.float64)
    means = np.array([entry["confidence"] for entry in entries])
    first = stage.teachers[0].identity
    summary = {
        "teachers": [_teacher(teacher) for teacher in stage.teachers],
        "role": first.role,
        "generation": first.generation,
        # Several models that label together are of no one fold.
        "fold": first.fold if len(stage.teachers) == 1 else None,
        "confidence": float((means * pixels).sum() / pixels.sum()),
    }
    histogram = np.sum([entry["histogram"] for entry in entries], axis=0).tolist()
    manifest = {
        **summary,
        "space": stage.space.plain(),
        "medium": stage.config.medium,
        "pipeline": list(stage.pipeline),
        "histogram": histogram,
        "cases": entries,
    }
    if stage.config.confidence:
        levels = np.sum([record["levels"] for record in records], axis=0)
        manifest["confidence_histogram"] = levels.tolist()
    write_json(out / "manifest.json", manifest)
    write_json(out / "environment.json", {"device": device_name(), "versions": versions()})
    _warn_of_vanished(stage, histogram)
    return {**summary, "cases": len(entries)}


def _teacher(teacher: Teacher) -> dict[str, Any]:
    networks = [{"view": view, "stage": name} for view, name in teacher.networks.items()]
    return {**teacher.identity._asdict(), "networks": networks}


def _warn_of_vanished(stage: LabelStage, pixels: Sequence[int]) -> None:
    """Name the classes of the labeled set that R's pseudo labels have lost."""
    labeled = stage.labeled_pixels
    if labeled is None:
        return
    lost = [
        f"{stage.space.classes[number]} ({pixels[number] / sum(pixels):.3%} of the pixels, "
        f"{labeled[number] / sum(labeled):.3%} in the labeled set)"
        for number in vanished(pixels, labeled)
    ]
    if lost:
        logger.warning(
            "%s: %d of %d classes have vanished from the pseudo labels: %s",
            stage.title,
            len(lost),
            len(stage.space),
            ", ".join(lost),
        )
