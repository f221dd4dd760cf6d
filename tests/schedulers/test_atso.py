from itertools import pairwise

import pytest

from ssl_seg.core.split import fold_reference
from ssl_seg.schedulers import ATSO

FOLDS = pytest.mark.parametrize("folds", [2, 3, 5])


def atso(**arguments):
    return {"type": "ATSO", "generations": 2, **arguments}


def lessons(plan):
    """Return, by generation, the pairs (fold cases learned from, fold cases labeled next)."""
    found = {}
    for model in plan.trainings:
        if model.role != "student":
            continue
        learned = {case.id for source in model.sources[1:] for case in source.cases}
        (labeled,) = (
            {case.id for case in stage.cases}
            for stage in plan.labelings
            if stage.inputs[0] == model.fingerprint and stage.cases[0].id.startswith("r/")
        )
        pairs = found.setdefault(model.generation, {})
        pairs[model.fold] = (frozenset(learned), frozenset(labeled))
    return found


def parts(split, folds):
    reference = tuple(case.without_label() for case in split.reference)
    cut = fold_reference(reference, folds, 0).parts
    return [frozenset(case.id for case in part) for part in cut]


@FOLDS
@pytest.mark.parametrize("generations", [1, 2, 3])
def test_it_trains_a_first_model_one_per_fold_and_generation_and_a_last(
    made_up, folds, generations
):
    plan = made_up.plan(atso(folds=folds, generations=generations))
    assert len(plan.trainings) == 1 + folds * generations + 1
    assert [stage.role for stage in plan.trainings] == [
        "initial",
        *["student"] * folds * generations,
        "final",
    ]


@FOLDS
def test_a_student_learns_from_all_folds_but_its_own_and_labels_its_own(made_up, folds):
    cut = parts(made_up.split(), folds)
    everything = frozenset().union(*cut)
    for by_fold in lessons(made_up.plan(atso(folds=folds))).values():
        assert by_fold == {at: (everything - part, part) for at, part in enumerate(cut)}


@FOLDS
def test_by_option_a_student_learns_from_its_own_fold_and_labels_the_one_before(made_up, folds):
    cut = parts(made_up.split(), folds)
    for by_fold in lessons(made_up.plan(atso(folds=folds, learn_from="own"))).values():
        assert by_fold == {at: (part, cut[at - 1]) for at, part in enumerate(cut)}
        # In the design's words: fold j is labeled by model (j + 1) mod k.
        writers = {labeled: at for at, (_, labeled) in by_fold.items()}
        assert [writers[part] for part in cut] == [(j + 1) % folds for j in range(folds)]


@pytest.mark.parametrize("start", ["scratch", "own"])
def test_with_two_folds_both_ways_to_learn_are_one_algorithm(made_up, start):
    others, own = (
        lessons(made_up.plan(atso(learn_from=option, start=start))) for option in ("others", "own")
    )
    assert others.keys() == own.keys()
    for generation, by_fold in others.items():
        assert set(by_fold.values()) == set(own[generation].values())


@FOLDS
def test_every_reference_case_is_labeled_once_in_each_generation(made_up, folds):
    everything = sorted(case.id for case in made_up.split().reference)
    for by_fold in lessons(made_up.plan(atso(folds=folds))).values():
        assert sorted(case for _, labeled in by_fold.values() for case in labeled) == everything


@FOLDS
@pytest.mark.parametrize("learn_from", ["others", "own"])
def test_students_learn_the_labels_of_the_generation_before(made_up, folds, learn_from):
    plan = made_up.plan(atso(folds=folds, generations=3, learn_from=learn_from))
    for model in plan.trainings[1:]:
        written = [plan.stages[source.written_by] for source in model.sources[1:]]
        last = 3 if model.role == "final" else model.generation - 1
        assert {plan.stages[stage.inputs[0]].generation for stage in written} == {last}


def test_the_last_model_learns_from_everything_and_is_the_result(made_up):
    split = made_up.split(truth=False)
    plan = made_up.plan(atso(folds=3), split=split)
    final = plan.trainings[-1]
    assert plan.models[None] == final.fingerprint
    assert final.sources[0].cases == split.labeled
    learned = [case for source in final.sources[1:] for case in source.cases]
    assert sorted(learned, key=lambda case: case.id) == sorted(
        split.reference, key=lambda case: case.id
    )
    assert plan.labels == tuple(source.written_by for source in final.sources[1:])


def test_students_start_from_scratch_as_published(made_up):
    assert {stage.start for stage in made_up.plan(atso(folds=3)).trainings} == {None}


@FOLDS
def test_by_option_students_go_on_from_the_same_folds_model(made_up, folds):
    plan = made_up.plan(atso(folds=folds, generations=3, start="own"))
    students = [stage for stage in plan.trainings if stage.role == "student"]
    for fold in range(folds):
        line = [stage for stage in students if stage.fold == fold]
        assert line[0].start is None
        assert all(after.start == before.fingerprint for before, after in pairwise(line))
    assert plan.trainings[-1].start is None


def test_whole_groups_stay_on_one_side(made_up):
    split = made_up.split(groups=5)
    group = {case.id: case.group for case in split.reference}
    for by_fold in lessons(made_up.plan(atso(), split=split)).values():
        for learned, labeled in by_fold.values():
            assert {group[case] for case in learned}.isdisjoint(group[case] for case in labeled)


@FOLDS
def test_by_option_its_first_models_too_label_what_they_have_not_seen(made_up_unlabeled, folds):
    plan = made_up_unlabeled.plan(atso(folds=folds, initial="method"))
    cut = parts(made_up_unlabeled.split(), folds)
    everything = frozenset().union(*cut)
    first = [stage for stage in plan.trainings if stage.role == "initial"]
    assert len(plan.trainings) == folds + 2 * folds + 1
    assert [{case.id for case in stage.sources[1].cases} for stage in first] == [
        everything - part for part in cut
    ]
    written = [
        {case.id for case in stage.cases}
        for stage in plan.labelings
        if stage.teachers[0].identity.role == "initial" and stage.cases[0].id in everything
    ]
    assert written == cut
    assert [row.model for row in plan.rows if row.generation == 0 and row.cases == "reference"] == [
        *(f"fold-{fold}" for fold in range(folds)),
        "mean",
    ]


def test_first_models_of_folds_are_what_students_go_on_from(made_up_unlabeled):
    plan = made_up_unlabeled.plan(atso(initial="method", start="own"))
    first = {stage.fold: stage.fingerprint for stage in plan.trainings if stage.role == "initial"}
    second = {stage.fold: stage.start for stage in plan.trainings if stage.generation == 1}
    assert second == first


def test_more_folds_than_cases_are_refused(made_up):
    with pytest.raises(ValueError, match="4 reference cases cannot be divided into 5 folds"):
        made_up.plan(atso(folds=5), split=made_up.split(reference=4))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"folds": 1}, "at least 2 folds, got 1; with 1 it is STSO"),
        ({"folds": 2.0}, "got 2.0"),
        ({"folds": True}, "got True"),
        ({"generations": 0}, "generations must be .* got 0"),
        ({"start": "teacher"}, "'scratch' or 'own', got 'teacher'"),
        ({"learn_from": "all"}, "'others' or 'own', got 'all'"),
        ({"initial": "both"}, "'supervised' or 'method', got 'both'"),
    ],
)
def test_impossible_arguments_are_refused(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        ATSO(**arguments)
