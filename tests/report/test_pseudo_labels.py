"""The report lists the labels that students learned from, and no others."""

from __future__ import annotations

import json

import numpy as np

from ssl_seg.media.pictures.masks import read_indices
from ssl_seg.report.pseudo_labels import pseudo_labels

ATSO = {"type": "ATSO", "folds": 2, "generations": 1}


def test_labels_of_the_reference_by_generation_and_teacher(benchmark):
    plan = benchmark.plan(ATSO, 0, known_reference=False)
    benchmark.finish(plan, coverage=0.5)
    found = pseudo_labels(benchmark.store)
    assert [(e["generation"], e["fold"], e["cases"]) for e in found] == [
        (0, None, 4),
        (1, 0, 2),
        (1, 1, 2),
    ]
    assert [e["stage"] for e in found][1:] == list(plan.labels)
    assert {entry["run"] for entry in found} == {"atso-seed0"}
    assert {(entry["confidence"], entry["coverage"]) for entry in found} == {(0.75, 0.5)}


def test_labels_that_nobody_has_learned_from_state_no_coverage(finished):
    found = [entry for entry in pseudo_labels(finished) if entry["run"] == "stso-seed0"]
    assert [entry["coverage"] for entry in found] == [1.0, None]


def test_their_classes_are_counted_and_their_teacher_and_space_named(benchmark):
    benchmark.finish(benchmark.plan(ATSO, 0))
    found = pseudo_labels(benchmark.store)
    assert [entry["role"] for entry in found] == ["initial", "student", "student"]
    for entry in found:
        maps = (benchmark.store.path(entry["stage"]) / "maps").iterdir()
        counts = np.bincount(np.concatenate([read_indices(path) for path in maps]).ravel())
        assert entry["pixels"] == {"road": counts[0], "car": counts[1], "tram": 0}
        assert entry["space"] == "street"
    json.dumps(found)
