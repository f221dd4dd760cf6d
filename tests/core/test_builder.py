from dataclasses import replace

import pytest

from ssl_seg.core.builder import PlanBuilder, Result


@pytest.fixture
def start(made_up):
    """Start a plan; keywords go to ``made_up.split``."""

    def make(*, seed=0, **lists):
        return PlanBuilder(made_up.split(**lists), made_up.configs(), seed)

    return make


def finish(b, model, labels=None):
    return b.finish(Result(model, labels), label="made-up", scheduler={"type": "Mine"})


def sources(plan, model):
    return plan.stages[model.stages[None]].sources


def test_asking_twice_for_the_same_work_plans_it_once(start):
    b = start()
    first, second = (b.train(b.truth, role="initial") for _ in range(2))
    labels = [b.label(model, b.reference) for model in (first, second)]
    assert (first, labels[0]) == (second, labels[1])
    plan = finish(b, first, labels[0])
    assert len(plan.trainings) == 1


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


def test_labels_fall_into_inside_and_outside_of_a_fold(start):
    b = start()
    labels = b.label(b.train(b.truth, role="initial"), b.reference)
    for fold in b.folds(3):
        inside, outside = labels.inside(fold), labels.outside(fold)
        assert [case for part in inside.parts for case in part.cases] == list(fold.cases)
        rest = {case for part in outside.parts for case in part.cases}
        assert rest == set(b.reference) - set(fold.cases)


def test_joined_labels_keep_their_writers(start):
    b = start()
    initial = b.train(b.truth, role="initial")
    folds = b.folds(3)
    labels = b.join(b.label(initial, fold) for fold in folds)
    assert len({part.stage for part in labels.parts}) == 3
    outside = labels.outside(folds[1])
    assert outside.parts == (labels.parts[0], labels.parts[2])
    final = b.train(b.truth, labels, role="final")
    kinds = [source.kind for source in sources(finish(b, final, labels), final)]
    assert kinds == ["labeled", "pseudo", "pseudo", "pseudo"]


def test_reference_cases_carry_no_label_but_by_request(start):
    b = start()
    assert {case.label for case in b.reference} == {None}
    assert all(case.label for case in b.hidden_truth.cases)


def test_the_upper_bound_needs_all_true_labels(start):
    with pytest.raises(ValueError, match=r"needs true labels of all 20 .*, only 0 have one"):
        _ = start(truth=False).hidden_truth


def test_an_empty_reference_set_is_refused_with_ways_out(start):
    b = start(reference=0)
    assert not b.has_reference
    with pytest.raises(ValueError, match=r"R is empty.*split\.labeled.*Supervised"):
        _ = b.reference


def test_parted_groups_are_said(start):
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


def test_unequal_folds_are_said_with_their_sizes(start, made_up):
    groups = ("a", "b", "c", "d")
    cases = [
        replace(case, group=groups[max(0, at - 16)])
        for at, case in enumerate(made_up.cases("r", 20))
    ]
    split = replace(made_up.split(), reference=tuple(cases))
    b = PlanBuilder(split, made_up.configs(), 0)
    b.folds(2)
    assert finish(b, b.train(b.truth, role="initial")).notes == (
        "whole groups make the 2 folds of R very unequal: 17, 3 cases",
    )


def test_notes_of_the_split_come_first(made_up):
    b = PlanBuilder(made_up.split(groups=3), made_up.configs(), 0, notes=["a leak"])
    b.folds(2)
    notes = finish(b, b.train(b.truth, role="initial")).notes
    assert notes[0] == "a leak"
    assert len(notes) == 2


def test_every_model_of_a_run_starts_from_the_same_scratch_and_draws_its_own_samples(start):
    b = start()
    labels = b.label(b.train(b.truth, role="initial"), b.reference)
    fold = b.folds(2)[0]
    students = [
        b.train(b.truth, labels, role="student", generation=1),
        b.train(b.truth, labels, role="student", generation=2),
        b.train(b.truth, labels, role="student", generation=2, fold=fold),
    ]
    b.score(2, students)
    plan = finish(b, b.train(b.truth, labels, role="final"))
    assert len({stage.scratch_seed for stage in plan.trainings}) == 1
    assert len({stage.seed for stage in plan.trainings}) == 5


def test_the_seed_of_a_run_changes_weights_and_samples(start):
    stages = []
    for seed in (0, 1):
        b = start(seed=seed)
        stages += finish(b, b.train(b.truth, role="initial")).trainings
    assert stages[0].seed != stages[1].seed
    assert stages[0].scratch_seed != stages[1].scratch_seed


def rows(plan):
    return [(row.generation, row.model, row.cases, row.fold) for row in plan.rows]


def test_one_model_gets_one_row_per_list(start):
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


def test_models_of_folds_get_a_row_each_and_their_mean(start):
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
def test_what_has_no_truth_gets_no_row(start, lists):
    b = start(**lists)
    model = b.train(b.truth, role="initial")
    labels = b.label(model, b.reference)
    b.score(0, [model], labels)
    homes = {row.cases for row in finish(b, model, labels).rows}
    assert homes == ({"test"} if "truth" in lists else {"reference"})


@pytest.fixture
def partly(made_up):
    """Start a plan where every second case of R has a true label."""
    split = made_up.split()
    reference = tuple(
        case if at % 2 else case.without_label() for at, case in enumerate(split.reference)
    )
    return PlanBuilder(replace(split, reference=reference), made_up.configs(), 0)


def test_where_some_reference_cases_have_truth_those_are_scored(partly, made_up):
    model = partly.train(partly.truth, role="initial")
    labels = partly.label(model, partly.reference)
    partly.score(0, [model], labels)
    plan = finish(partly, model, labels)
    (row,) = (row for row in plan.rows if row.cases == "reference")
    assert [plan.stages[name].cases for name in row.stages] == [made_up.split().reference[1::2]]


def test_rows_say_of_how_many_cases_they_are(partly):
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
