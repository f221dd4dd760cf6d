"""A run's scheduler is written as a config would have it."""

from __future__ import annotations

from ssl_seg.report.runs import schedule


def test_a_schedule_without_arguments_is_named_by_its_type():
    assert schedule({"scheduler": "Supervised", "arguments": {}}) == "Supervised"


def test_the_phases_of_a_curriculum_are_written_in_their_order():
    phases = [
        {"scheduler": {"type": "ATSO", "folds": 2}, "space": "few"},
        {"scheduler": {"type": "STSO"}, "role": "guided", "pseudo_labels": "previous"},
    ]
    assert schedule({"scheduler": "Curriculum", "arguments": {"phases": phases}}) == (
        "Curriculum(phases=[ATSO(folds=2) with space='few' → "
        "STSO with pseudo_labels='previous', role='guided'])"
    )
