"""Means over cases, how often a class was in which map, and which classes are scored."""

from __future__ import annotations

import numpy as np
import pytest

from ssl_seg.core.space import LabelSpace
from ssl_seg.metrics.case_scores import CaseScores

SPACE = LabelSpace("organs", ("nothing", "liver", "spleen"), ((0, 0, 0), (90, 0, 0), (0, 90, 0)))
NAN = float("nan")

# Rows are true classes. Liver and spleen: both and missed; spurious and neither; both and neither.
CONFUSIONS = {
    "one": [[5, 0, 0], [1, 3, 0], [2, 0, 0]],
    "two": [[5, 4, 0], [0, 0, 0], [0, 0, 0]],
    "three": [[0, 0, 0], [0, 7, 0], [0, 0, 0]],
}
SCORES = {"one": [9.0, 60.0, 0.0], "two": [9.0, 0.0, NAN], "three": [9.0, 90.0, NAN]}


def filled(background=0):
    cases = CaseScores(SPACE, background, ("DSC",))
    for case, confusion in CONFUSIONS.items():
        cases.add(case, np.array(confusion), {"DSC": np.array(SCORES[case])})
    return cases


def test_a_mean_is_over_the_cases_in_which_the_score_is_defined():
    np.testing.assert_array_equal(filled().means()["DSC"], [NAN, 50, 0])
    np.testing.assert_array_equal(filled(background=None).means()["DSC"], [9, 50, 0])
    np.testing.assert_array_equal(filled(background=1).means()["DSC"], [9, NAN, 0])


def test_presence_tells_missed_from_spurious():
    assert filled().plain()["presence"] == {
        "liver": {"both": 2, "missed": 0, "spurious": 1, "neither": 0},
        "spleen": {"both": 0, "missed": 1, "spurious": 0, "neither": 2},
    }
    np.testing.assert_array_equal(filled().presence("missed"), [NAN, 0, 1])


def test_each_case_is_stated_by_class():
    assert filled().plain()["by_case"]["two"] == {"liver": {"DSC": 0}, "spleen": {"DSC": None}}


def test_absent_is_what_no_case_has():
    cases = CaseScores(SPACE, 0, ("DSC",))
    cases.add("three", np.array(CONFUSIONS["three"]), {"DSC": np.array(SCORES["three"])})
    assert cases.plain()["absent"] == ["nothing", "spleen"]
    assert filled().plain()["absent"] == []


def test_without_cases_nothing_is_known():
    cases = CaseScores(SPACE, 0, ("DSC",))
    assert np.isnan(cases.means()["DSC"]).all()
    assert np.isnan(cases.presence("missed")).all()
    assert cases.plain()["by_case"] == {}


def test_a_case_counts_once():
    cases = filled()
    with pytest.raises(ValueError, match="'two' is scored twice"):
        cases.add("two", np.array(CONFUSIONS["two"]), {"DSC": np.array(SCORES["two"])})


@pytest.mark.parametrize("background", [3, -1, False, 0.0, "nothing"])
def test_a_background_that_is_no_class_number_is_refused(background):
    with pytest.raises(ValueError, match=r"background: .*'organs' \(0 to 2\), got"):
        CaseScores(SPACE, background, ("DSC",))


def test_something_must_be_left_to_score():
    alone = LabelSpace("alone", ("liver",), ((0, 0, 0),))
    with pytest.raises(ValueError, match="use background=None"):
        CaseScores(alone, 0, ("DSC",))
    assert CaseScores(alone, None, ("DSC",)).scored.tolist() == [True]
