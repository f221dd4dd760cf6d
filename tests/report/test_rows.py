"""Rows join what a plan promised with what its evaluate stages found."""

from __future__ import annotations

import json
from statistics import fmean

import pytest

from ssl_seg.report.rows import pending, rows

ATSO = {"type": "ATSO", "folds": 2, "generations": 1}


def scores(store, stage):
    return json.loads((store.path(stage) / "scores.json").read_text())


@pytest.fixture
def found(finished):
    """The rows of one ATSO run."""
    return [row for row in rows(finished) if row["run"] == "atso-seed0"]


def test_a_row_says_what_was_scored(finished, found):
    final = found[-1]
    described = {
        "scheduler": "ATSO",
        "run": "atso-seed0",
        "seed": 0,
        "generation": 1,
        "model": "final",
        "set": "test",
        "fold": None,
        "space": "street",
        "cases": 3,
        "absent": ["tram"],
        "max_side": None,
        "reduced": 0,
    }
    assert {key: final[key] for key in described} == described
    written = scores(finished, final["stage"])
    assert final["metrics"] == written["metrics"]
    assert final["classes"] == written["classes"]


def test_every_model_and_set_has_its_row(found):
    assert [(row["generation"], row["model"], row["set"]) for row in found] == [
        (0, "single", "test"),
        (0, "single", "reference"),
        (1, "fold-0", "test"),
        (1, "fold-1", "test"),
        (1, "mean", "test"),
        (1, "fold-0", "reference"),
        (1, "fold-1", "reference"),
        (1, "mean", "reference"),
        (1, "final", "test"),
    ]


def test_the_mean_over_models_is_the_mean_of_their_scores(finished, found):
    mean = next(r for r in found if (r["model"], r["set"]) == ("mean", "test"))
    assert isinstance(mean["stage"], list)
    parts = [scores(finished, stage) for stage in mean["stage"]]
    assert len(parts) == 2
    assert parts[0]["metrics"] != parts[1]["metrics"]
    for name, value in mean["metrics"].items():
        assert value == pytest.approx(fmean(part["metrics"][name] for part in parts))
    car = fmean(part["classes"]["car"]["IoU"] for part in parts)
    assert mean["classes"]["car"]["IoU"] == pytest.approx(car)
    assert mean["classes"]["tram"]["IoU"] is None


def test_all_of_the_reference_is_scored_as_one_set(found):
    row = next(r for r in found if (r["model"], r["set"]) == ("mean", "reference"))
    assert isinstance(row["stage"], str)
    assert row["cases"] == 4


def test_of_a_set_with_a_partial_truth_a_row_says_how_much_is_scored(benchmark):
    benchmark.finish(benchmark.plan({"type": "STSO", "generations": 1}, 0, known_reference=3))
    found = {row["set"]: (row["cases"], row["of"]) for row in rows(benchmark.store)}
    assert found == {"reference": (3, 4), "test": (3, 3)}


def test_what_is_not_finished_is_counted_and_left_out(benchmark):
    plan = benchmark.plan(ATSO, 0)
    assert (rows(benchmark.store), pending(benchmark.store)) == ([], 9)
    benchmark.finish(plan, "label")
    assert pending(benchmark.store) == 9
    benchmark.finish(plan)
    assert (len(rows(benchmark.store)), pending(benchmark.store)) == (9, 0)


def test_a_mean_waits_for_all_its_parts(benchmark):
    plan = benchmark.plan(ATSO, 0)
    benchmark.finish(plan)
    lost = next(row for row in plan.rows if row.model == "fold-1" and row.cases == "test")
    artifact = benchmark.store.path(lost.stages[0])
    artifact.rename(artifact.with_name("0" * 32))
    left = [(row["model"], row["set"]) for row in rows(benchmark.store)]
    assert pending(benchmark.store) == 2
    assert ("fold-0", "test") in left
    assert ("mean", "test") not in left


def test_schedules_share_the_first_generation(benchmark):
    first = benchmark.plan(ATSO, 0)
    benchmark.plan({"type": "STSO", "generations": 1}, 0)
    benchmark.finish(first)
    shared = [row for row in rows(benchmark.store) if row["run"] == "stso-seed0"]
    assert [(row["generation"], row["set"]) for row in shared] == [(0, "test"), (0, "reference")]


def test_an_empty_work_dir_has_no_rows(benchmark):
    assert (rows(benchmark.store), pending(benchmark.store)) == ([], 0)
