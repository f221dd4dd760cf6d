"""Class shares join what plans say of the labeled set with what label stages counted."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ssl_seg.media.pictures.masks import read_indices
from ssl_seg.report.class_shares import class_shares
from ssl_seg.report.pseudo_labels import pseudo_labels
from ssl_seg.store.store import Store

ATSO = {"type": "ATSO", "folds": 2, "generations": 1}
IN_TWO_SPACES = {
    "type": "Curriculum",
    "phases": [
        {"scheduler": ATSO, "space": "coarse"},
        {
            "scheduler": {"type": "STSO", "generations": 2},
            "pseudo_labels": "previous",
            "role": "guided",
        },
    ],
}
CLASSES = ("sea", "ape", "bus")  # in another order than that of the alphabet


def entry(generation=0, pixels=(70, 20, 10), **changes):
    """Return what is said of one set of pseudo labels."""
    described = {
        "run": "x-seed0",
        "role": "student",
        "generation": generation,
        "fold": None,
        "space": "zoo",
        "cases": 5,
        "pixels": dict(zip(CLASSES, pixels, strict=True)),
    }
    return described | changes


@pytest.fixture
def shares_of(tmp_path):
    """Return a function from entries to the shares of a run whose labeled set is known."""

    def read(*written, pixels=(600, 300, 100), record=None):
        store = Store(tmp_path / "work")
        stated = {"space": "zoo", "pixels": dict(zip(CLASSES, pixels, strict=True))}
        store.save_plan(record or {"name": "x-seed0", "labeled_pixels": [stated]})
        return class_shares(store, written)

    return read


def test_shares_are_of_all_pixels_in_the_order_of_the_space(shares_of):
    (found,) = shares_of(entry())
    assert (found["run"], found["space"]) == ("x-seed0", "zoo")
    assert list(found["labeled"].items()) == [("sea", 0.6), ("ape", 0.3), ("bus", 0.1)]
    (generation,) = found["generations"]
    assert list(generation["shares"].items()) == [("sea", 0.7), ("ape", 0.2), ("bus", 0.1)]
    assert generation["vanished"] == []


def test_folds_of_one_generation_are_added_up(shares_of):
    (found,) = shares_of(
        entry(0, (50, 50, 0)), entry(1, (10, 10, 0), fold=0), entry(1, (0, 10, 10), fold=1)
    )
    assert [made["generation"] for made in found["generations"]] == [0, 1]
    joined = found["generations"][1]
    assert joined["cases"] == 10
    assert list(joined["shares"].values()) == [0.25, 0.5, 0.25]


def test_a_class_may_vanish_and_come_back(shares_of):
    (found,) = shares_of(entry(0, (900, 99, 1)), entry(1, (999, 0, 1)), entry(2, (9, 0, 0)))
    assert [made["vanished"] for made in found["generations"]] == [[], ["ape"], ["ape", "bus"]]


def test_labels_of_the_final_model_stand_beside_those_of_its_generation(shares_of):
    (found,) = shares_of(entry(0, role="initial"), entry(0, role="final"))
    assert [made["role"] for made in found["generations"]] == ["initial", "final"]


@pytest.mark.parametrize(
    "other",
    [
        {"run": "x-seed1"},
        {"space": "sea"},
        {"pixels": {"sea": 1, "ape": 2}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_labels_of_other_runs_and_spaces_are_not_compared(shares_of, other):
    assert shares_of(entry() | other) == []
    (found,) = shares_of(entry(), entry(1) | other)
    assert len(found["generations"]) == 1


def test_a_plan_that_does_not_know_its_labeled_set_is_left_out(shares_of):
    assert shares_of(entry(), record={"name": "x-seed0"}) == []


def test_without_any_counts_shares_are_unknown(shares_of):
    (found,) = shares_of(entry(), pixels=(0, 0, 0))
    assert set(found["labeled"].values()) == {None}
    assert found["generations"][0]["vanished"] == []
    json.dumps(found, allow_nan=False)


def test_each_space_of_a_run_has_its_own_shares(benchmark):
    benchmark.finish(benchmark.plan(IN_TWO_SPACES, 0))
    found = class_shares(benchmark.store, pseudo_labels(benchmark.store))
    coarse, street = found
    assert (list(street["labeled"]), list(coarse["labeled"])) == (
        ["road", "car", "tram"],
        ["way", "thing"],
    )
    assert [made["generation"] for made in coarse["generations"]] == [0, 1]
    assert [made["generation"] for made in street["generations"]] == [2, 3]
    assert {made["cases"] for made in coarse["generations"]} == {4}
    assert list(coarse["labeled"].values()) == pytest.approx(list(benchmark.labeled_shares()))


def test_the_shares_are_those_of_the_maps(benchmark):
    plan = benchmark.plan(ATSO, 0)
    benchmark.finish(plan)
    (found,) = class_shares(benchmark.store, pseudo_labels(benchmark.store))
    maps = [
        read_indices(path)
        for stage in plan.labels
        for path in (benchmark.store.path(stage) / "maps").iterdir()
    ]
    counts = np.bincount(np.concatenate(maps).ravel(), minlength=3)
    last = found["generations"][-1]
    assert list(last["shares"].values()) == pytest.approx(counts / counts.sum())
    assert list(found["labeled"].values()) == pytest.approx([*benchmark.labeled_shares(), 0])
