"""How R is divided, and what a reader of the plan is told of it."""

from dataclasses import replace

from ssl_seg.planning.write import start_plan


def test_parted_groups_are_said(start, finish):
    b = start(groups=3)
    b.folds(2)
    plan = finish(b, b.train(b.truth, role="initial"))
    assert plan.notes == (
        "R has 3 group(s), fewer than twice the 2 folds: the folds are contiguous blocks of the "
        "frame order and may part a group",
    )
    b = start(groups=4)
    b.folds(2)
    assert finish(b, b.train(b.truth, role="initial")).notes == ()


def test_unequal_folds_are_said_with_their_sizes(start, made_up, finish):
    groups = ("a", "b", "c", "d")
    cases = [
        replace(case, group=groups[max(0, at - 16)])
        for at, case in enumerate(made_up.cases("r", 20))
    ]
    split = replace(made_up.split(), reference=tuple(cases))
    b = start_plan(split, made_up.configs(), 0)
    b.folds(2)
    assert finish(b, b.train(b.truth, role="initial")).notes == (
        "whole groups make the 2 folds of R very unequal: 17, 3 cases",
    )


def test_notes_of_the_split_come_first(made_up, finish):
    b = start_plan(made_up.split(groups=3), made_up.configs(), 0, notes=["a leak"])
    b.folds(2)
    notes = finish(b, b.train(b.truth, role="initial")).notes
    assert notes[0] == "a leak"
    assert len(notes) == 2
