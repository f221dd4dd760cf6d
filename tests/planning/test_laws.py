"""No model labels held-out cases that it has seen."""

import pytest


def test_a_model_that_has_seen_a_case_cannot_label_it_held_out(start):
    b = start()
    initial = b.train(b.truth, role="initial")
    labels = b.label(initial, b.reference, held_out=True)
    left, right = b.folds(2)
    student = b.train(b.truth, labels.outside(left), role="student", generation=3, fold=left)
    b.label(student, left, held_out=True)
    message = r"student 3, fold 0 was trained on 10 of the 10 cases .* unseen, e\.g\. 'r/"
    with pytest.raises(ValueError, match=message):
        b.label(student, right, held_out=True)
    b.label(student, right)


def test_what_an_ancestor_has_seen_counts_as_seen(start):
    b = start()
    initial = b.train(b.truth, role="initial")
    labels = b.label(initial, b.reference)
    left, right = b.folds(2)
    parent = b.train(b.truth, labels.inside(left), role="student", generation=1, fold=left)
    child = b.train(
        b.truth, labels.inside(right), role="student", generation=2, fold=left, start=parent
    )
    grandchild = b.train(b.truth, role="student", generation=3, fold=left, start=child)
    for fold in (left, right):
        with pytest.raises(ValueError, match="student 3, fold 0 was trained on 10"):
            b.label(grandchild, fold, held_out=True)


def test_the_labeled_set_counts_as_seen(start, made_up):
    b = start()
    initial = b.train(b.truth, role="initial")
    with pytest.raises(ValueError, match="initial was trained on 4 of the 4"):
        b.label(initial, made_up.split().labeled, held_out=True)
