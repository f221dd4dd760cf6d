"""The report lists the labels that students learned from, and no others."""

from __future__ import annotations

import json

import numpy as np

from ssl_seg.media.pictures.masks import read_indices
from ssl_seg.report.pseudo_labels import pseudo_labels

ATSO = {"type": "ATSO", "folds": 2, "generations": 1}


def test_labels_of_the_reference_by_generation_and_teacher(benchmark):
    plan = benchmark.plan(ATSO, 0, known_reference=0)
    benchmark.finish(plan, coverage=0.5)
    found = pseudo_labels(benchmark.store)
    assert [(e["generation"], e["fold"], e["cases"]) for e in found] == [
        (0, None, 4),
        (1, 0, 2),
        (1, 1, 2),
    ]
    assert [e["stage"] for e in found][1:] == list(plan.labels)
    assert {entry["run"] for entry in found} == {"atso-seed0"}
    assert {entry["confidence"] for entry in found} == {0.75}
    assert {reader["coverage"] for entry in found for reader in entry["read_by"]} == {0.5}


def test_each_training_states_the_share_that_it_kept(benchmark):
    plan = benchmark.plan(ATSO, 0)
    benchmark.finish(plan, coverage=lambda stage: 0.5 if stage.fold == 0 else 0.75)
    trained = {(s.role, s.fold): s.fingerprint for s in plan.trainings}
    first, *last = pseudo_labels(benchmark.store)
    assert first["read_by"] == [
        {
            "role": "student",
            "generation": 1,
            "fold": fold,
            "view": None,
            "section": None,
            "stage": trained["student", fold],
            "coverage": kept,
        }
        for fold, kept in ((0, 0.5), (1, 0.75))
    ]
    for entry in last:
        (final,) = entry["read_by"]
        assert (final["stage"], final["coverage"]) == (trained["final", None], 0.75)


def test_labels_that_nobody_has_learned_from_have_no_readers(finished):
    found = [entry for entry in pseudo_labels(finished) if entry["run"] == "stso-seed0"]
    assert [len(entry["read_by"]) for entry in found] == [1, 0]


def test_trainings_that_are_not_finished_state_nothing_yet(benchmark):
    plan = benchmark.plan(ATSO, 0)
    benchmark.finish(plan, "label")
    assert [entry["read_by"] for entry in pseudo_labels(benchmark.store)] == [[]] * 3


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
