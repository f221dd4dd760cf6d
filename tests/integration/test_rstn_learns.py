"""A small RSTN learns a made-up organ from scratch; one seed of `benchmarks/rstn_phantoms.py`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

CONFIG = Path(__file__).parents[2] / "configs/demo/organ_supervised.py"


@pytest.fixture(scope="module")
def score(command, tmp_path_factory):
    """Return a function that gives the DSC on test volumes; what is trained is trained once."""
    folder = tmp_path_factory.mktemp("organ")
    data = {"data_root": folder / "data", "train": 8, "test": 3}
    options = [
        f"{part}_dataloader.dataset.{key}={value}"
        for part in ("train", "test")
        for key, value in data.items()
    ]

    def of(*changes: str) -> float:
        given = ("--cfg-options", "split.labeled=8", *options, *changes)
        done = command.train(CONFIG, folder / "work", *given)
        assert done.status == 0, done.output
        report = json.loads((folder / "work/report/report.json").read_text())
        (dsc,) = {row["metrics"]["case mDSC"] for row in report["rows"] if row["set"] == "test"}
        return dsc

    return of


def test_three_views_learn_the_organ_and_a_round_finds_more(score):
    """A view alone may stay where it starts: which one does is up to a processor's rounding."""
    together = score("inference.max_rounds=0")
    after_a_round = score("inference.max_rounds=1")
    assert together > 30
    assert after_a_round > max(together, 50)
