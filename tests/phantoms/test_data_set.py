"""Made-up CT as a config names it."""

import nibabel
import numpy as np
import pytest

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.phantoms.data_set import OrganPhantoms

SMALL = {"train": 3, "test": 2, "size": (16, 16, 16)}


def read(root, **changes):
    return OrganPhantoms(data_root=str(root), **{**SMALL, **changes}).read(DigestIndex())


@pytest.mark.parametrize("look", ["source", "target"])
def test_its_classes_are_background_and_pancreas_and_nothing_is_ignored(tmp_path, look):
    catalog = read(tmp_path / "organ", look=look)
    numbers = dict(catalog.values.table)
    assert catalog.values.space.classes == ("background", "pancreas")
    for case in catalog.cases:
        labels = np.asarray(nibabel.load(case.label.path).dataobj)
        assert {numbers[int(value)] for value in np.unique(labels)} == {0, 1}


def test_its_parts_are_disjoint_and_labeled(tmp_path):
    train, test = (read(tmp_path / "organ", split=split).cases for split in ("train", "test"))
    both = read(tmp_path / "organ", split=("train", "test")).cases
    assert (len(train), len(test)) == (3, 2)
    assert {*train} | {*test} == {*both}
    assert len({case.image.digest for case in both}) == len({case.group for case in both}) == 5
    assert all(case.label for case in both)


def test_all_splits_read_one_folder_that_is_drawn_once(tmp_path):
    read(tmp_path / "organ")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    read(tmp_path / "organ", split="test")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_another_number_of_training_cases_shows_the_same_test_cases(tmp_path):
    few, many = (
        [
            (case.image.digest, case.label.digest)
            for case in read(tmp_path / str(train), split="test", train=train).cases
        ]
        for train in (2, 4)
    )
    assert few == many


@pytest.mark.parametrize(
    "change",
    [
        {"look": "sorce"},
        {"train": 0},
        {"test": -1},
        {"test": 0, "split": "test"},
        {"size": (64, 64)},
        {"seed": -1},
        {"split": "val"},
        {"split": ()},
    ],
)
def test_a_bad_argument_is_named_and_nothing_is_drawn(tmp_path, change):
    with pytest.raises(ValueError, match=f"^{next(iter(change))}: "):
        OrganPhantoms(data_root=str(tmp_path / "organ"), **{**SMALL, **change})
    assert not list(tmp_path.iterdir())
