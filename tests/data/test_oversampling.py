"""How often cases with rare classes are to come, and which classes a case holds."""

import json
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmengine.dataset import BaseDataset, ClassBalancedDataset

from ssl_seg.core.case import Case, DataFile, LabelFile
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.stage import Source
from ssl_seg.data.oversampling import held_classes, repeat_counts
from ssl_seg.data.pseudo_labels import PseudoLabels

GREY = (7, 7, 7)
SPACE = LabelSpace("three", ("a", "b", "c"), (GREY,) * 3)
VALUES = LabelValues(SPACE, ((4, 0), (5, 2), (6, 0), (7, 255), (9, 1)))

CASES = st.lists(st.sets(st.integers(0, 6)), min_size=1, max_size=40)
THRESHOLDS = st.floats(0.001, 1)


class Listed(BaseDataset):
    """A data set of mmengine's whose images hold the given classes."""

    def __init__(self, classes_per_case):
        self._classes = classes_per_case
        super().__init__(serialize_data=False)

    def load_data_list(self):
        return [{"classes": sorted(classes)} for classes in self._classes]

    def get_cat_ids(self, idx):
        return self.get_data_info(idx)["classes"]


@given(CASES, THRESHOLDS)
def test_the_rule_is_that_of_mmengine(classes_per_case, threshold):
    theirs = ClassBalancedDataset(Listed(classes_per_case), threshold).repeat_indices
    ours = repeat_counts(classes_per_case, threshold)
    assert [case for case, count in enumerate(ours) for _ in range(count)] == theirs


@given(CASES, THRESHOLDS)
def test_each_case_stands_at_least_once_and_at_most_as_for_the_rarest_class(
    classes_per_case, threshold
):
    counts = repeat_counts(classes_per_case, threshold)
    most = sqrt(threshold * len(classes_per_case)) + 1
    assert all(1 <= count <= most for count in counts)


@given(CASES, THRESHOLDS)
def test_a_case_of_more_classes_stands_at_least_as_often(classes_per_case, threshold):
    counts = repeat_counts(classes_per_case, threshold)
    for one, often in zip(classes_per_case, counts, strict=True):
        for other, less_often in zip(classes_per_case, counts, strict=True):
            assert not one >= other or often >= less_often


def test_cases_of_a_rare_class_stand_more_often():
    # 1 of 16 cases holds class 1: sqrt(0.5 / (1 / 16)) is 2.83.
    assert repeat_counts([{0, 1}, *[{0}] * 15], 0.5) == [3, *[1] * 15]


def test_a_class_as_frequent_as_the_threshold_is_not_rare():
    assert repeat_counts([{1}, {0}, {0}, {0}], 0.25) == [1, 1, 1, 1]
    assert repeat_counts([{1}, {0}, {0}, {0}], 0.26) == [2, 1, 1, 1]


def test_cases_of_no_class_and_no_cases():
    assert repeat_counts([set(), {0}], 1) == [1, 2]
    assert repeat_counts([], 0.5) == []


def source(cases, values=VALUES, written_by=None):
    return Source(
        kind="labeled" if written_by is None else "pseudo",
        cases=tuple(cases),
        values=values,
        pipeline=(),
        written_by=written_by,
    )


def case(name, *pixels, label=True):
    truth = LabelFile(f"{name}.png", name, pixels) if label else None
    return Case(name, DataFile(f"{name}.jpg", name), truth, "g")


def test_true_labels_hold_the_classes_that_their_values_stand_for():
    cases = [case("x", (4, 9), (6, 1), (7, 5)), case("y", (7, 8)), case("z", (5, 1), (9, 2))]
    assert held_classes(source(cases), None) == [{0}, set(), {1, 2}]


@pytest.mark.parametrize("unknown", [case("x"), case("x", label=False)], ids=["counts", "label"])
def test_a_case_of_which_nothing_is_known_is_named(unknown):
    with pytest.raises(ValueError, match=r"oversample: .* case 'x' .* oversample=None"):
        held_classes(source([case("y", (4, 1)), unknown]), None)


@pytest.fixture
def written(tmp_path):
    """Pseudo labels of 2 cases in a space of 4 classes, of which no map is there."""
    entries = [
        {"case": "drive/1", "histogram": [5, 0, 0, 1]},
        {"case": "drive/2", "histogram": [0, 9, 0, 0]},
    ]
    (tmp_path / "manifest.json").write_text(json.dumps({"cases": entries}))
    return tmp_path


FOUR = LabelSpace("four", ("a", "b", "c", "d"), (GREY,) * 4)


def test_pseudo_labels_hold_what_their_manifest_counts(written):
    values = LabelValues.identity(FOUR)
    cases = [case("drive/2", label=False), case("drive/1", label=False)]
    held = held_classes(source(cases, values, "stage"), PseudoLabels(written, values))
    assert held == [{1}, {0, 3}]


def test_pseudo_labels_that_are_mapped_hold_the_classes_they_are_mapped_to(written):
    values = LabelValues(SPACE, ((0, 2), (1, 255), (2, 0), (3, 2)))
    cases = [case("drive/1", label=False), case("drive/2", label=False)]
    held = held_classes(source(cases, values, "stage"), PseudoLabels(written, values))
    assert held == [{2}, set()]


def test_rare_classes_come_closer_to_the_others():
    """Each class's share of the samples grows where it is rare; that is the purpose."""
    rng = np.random.default_rng(0)
    frequency = (1.0, 0.5, 0.05, 0.02)
    cases = [{c for c, f in enumerate(frequency) if rng.random() < f} for _ in range(500)]
    counts = repeat_counts(cases, 0.3)
    before = [np.mean([c in held for held in cases]) for c in range(4)]
    after = [np.average([c in held for held in cases], weights=counts) for c in range(4)]
    assert after[0] == before[0] == 1
    assert all(more > 1.5 * less for more, less in zip(after[2:], before[2:], strict=True))
