"""A run whose students trust pseudo labels by how often such labels are right on S."""

from __future__ import annotations

import numpy as np
import pytest

from ssl_seg.media.stored_masks import read_levels, read_true_mask, read_values
from ssl_seg.report.pseudo_labels import pseudo_labels
from ssl_seg.store.store import Store

SHARE = 0.5
CHANGES = {
    "scheduler": {"type": "STSO", "generations": 1},
    "pseudo_labels.calibrated": SHARE,
    "calibration_parts": 2,
}


@pytest.fixture(scope="module")
def run(tiny, command, data, tmp_path_factory):
    """The plan and the store of a finished run."""
    folder = tmp_path_factory.mktemp("calibrated")
    config = tiny.config(folder / "tiny.py", data, CHANGES)
    done = command.train(config, folder / "work")
    assert done.status == 0, done.output
    return tiny.plan(config), Store(folder / "work")


def rising_shares(right, pixels):
    """Return the best rising fit of the shares of right pixels, by its max-min formula."""
    places = np.arange(len(right))
    good, count = (np.concatenate([[0], np.cumsum(part)]) for part in (right, pixels))
    spans = np.maximum(count[1:][None] - count[:-1][:, None], 1)
    means = (good[1:][None] - good[:-1][:, None]) / spans
    return [max(means[a, k:].min() for a in places[: k + 1]) for k in places]


def least_level(levels, right):
    """Return the least confidence of a class at which labels of S are right often enough."""
    known = np.unique(levels)
    pixels = np.array([(levels == level).sum() for level in known])
    good = np.array([right[levels == level].sum() for level in known])
    fitted = rising_shares(good, pixels)
    return min((at for at, share in zip(known, fitted, strict=True) if share >= SHARE), default=256)


def test_students_keep_what_is_right_often_enough(run):
    plan, store = run
    (student,) = (stage for stage in plan.trainings if stage.role == "student")
    source = student.sources[1]
    truth = {case.id: case for case in source.calibration.cases}
    labels, levels, true = [], [], []
    for name in source.calibration.written_by:
        for case in plan.stages[name].cases:
            labels.append(read_values(store.path(name) / "maps", case))
            levels.append(read_levels(store.path(name) / "confidence", case))
            true.append(read_true_mask(truth[case.id], source.calibration.values))
    labels, levels, true = map(np.stack, (labels, levels, true))
    kept = total = 0
    least = [
        least_level(levels[at], true[at] == number)
        for number in range(3)
        for at in [(labels == number) & (true != 255)]
    ]
    for case in source.cases:
        folder = store.path(source.written_by)
        found = read_values(folder / "maps", case)
        kept += (read_levels(folder / "confidence", case) >= np.array(least)[found]).sum()
        total += found.size
    stated = store.manifest(student.fingerprint)["description"]["sources"][1]
    assert stated["coverage"] == pytest.approx(kept / total)
    assert 0 < stated["coverage"] < 1


def test_the_report_lists_labels_that_are_learned_from_alone(run):
    plan, store = run
    assert len(plan.calibrations) == 2
    listed = {entry["stage"] for entry in pseudo_labels(store)}
    assert listed
    assert listed.isdisjoint(plan.calibrations)
