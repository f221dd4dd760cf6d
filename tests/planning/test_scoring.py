"""Which line of the report each score fills."""

from dataclasses import replace

import pytest

from ssl_seg.planning.write import start_plan


def rows(plan):
    return [(row.generation, row.model, row.cases, row.fold) for row in plan.rows]


def test_one_model_gets_one_row_per_list(start, finish):
    b = start(validation=2)
    model = b.train(b.truth, role="initial")
    labels = b.label(model, b.reference)
    b.score(0, [model], labels)
    assert rows(finish(b, model, labels)) == [
        (0, "single", "test", None),
        (0, "single", "validation", None),
        (0, "single", "reference", None),
        (0, "final", "test", None),
        (0, "final", "validation", None),
    ]


def test_models_of_folds_get_a_row_each_and_their_mean(start, finish):
    b = start()
    initial = b.train(b.truth, role="initial")
    first = b.label(initial, b.reference)
    folds = b.folds(2)
    models = [
        b.train(b.truth, first.outside(fold), role="student", generation=1, fold=fold)
        for fold in folds
    ]
    labels = b.join(b.label(model, fold) for model, fold in zip(models, folds, strict=True))
    b.score(1, models, labels)
    plan = finish(b, models[0], labels)
    assert rows(plan)[:-1] == [
        (1, "fold-0", "test", 0),
        (1, "fold-1", "test", 1),
        (1, "mean", "test", None),
        (1, "fold-0", "reference", 0),
        (1, "fold-1", "reference", 1),
        (1, "mean", "reference", None),
    ]
    mean_on_test, joint_on_reference = plan.rows[2], plan.rows[5]
    assert mean_on_test.stages == plan.rows[0].stages + plan.rows[1].stages
    (joint,) = joint_on_reference.stages
    # All of R is scored as one set of pixels, not as a mean over parts of unequal size.
    assert len(plan.stages[joint].cases) == 20


@pytest.mark.parametrize("lists", [{"truth": False}, {"test": 0}])
def test_what_has_no_truth_gets_no_row(start, lists, finish):
    b = start(**lists)
    model = b.train(b.truth, role="initial")
    labels = b.label(model, b.reference)
    b.score(0, [model], labels)
    scored = {row.cases for row in finish(b, model, labels).rows}
    assert scored == ({"test"} if "truth" in lists else {"reference"})


@pytest.fixture
def partly(made_up):
    """Start a plan where every second case of R has a true label."""
    split = made_up.split()
    reference = tuple(
        case if at % 2 else case.without_label() for at, case in enumerate(split.reference)
    )
    return start_plan(replace(split, reference=reference), made_up.configs(), 0)


def test_where_some_reference_cases_have_truth_those_are_scored(partly, made_up, finish):
    model = partly.train(partly.truth, role="initial")
    labels = partly.label(model, partly.reference)
    partly.score(0, [model], labels)
    plan = finish(partly, model, labels)
    (row,) = (row for row in plan.rows if row.cases == "reference")
    assert [plan.stages[name].cases for name in row.stages] == [made_up.split().reference[1::2]]


def test_rows_say_of_how_many_cases_they_are(partly, finish):
    initial = partly.train(partly.truth, role="initial")
    folds = partly.folds(2)
    labels = partly.join(partly.label(initial, fold) for fold in folds)
    partly.score(0, [initial], labels)
    plan = finish(partly, initial, labels)
    found = [(row.cases, row.scored, row.of) for row in plan.rows]
    known = [sum(int(case.id[2:]) % 2 for case in fold.cases) for fold in folds]
    assert found == [
        ("test", 3, 3),
        *(("reference", count, 10) for count in known),
        ("reference", 10, 20),
        ("test", 3, 3),
    ]
    assert [(row["scored"], row["of"]) for row in plan.record()["rows"]] == [
        one[1:] for one in found
    ]
    assert plan.notes == ("R is scored on the 10 of its 20 cases that have true labels",)
