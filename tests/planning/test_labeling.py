"""Label stages of one teacher and of several."""

import pytest

from ssl_seg.planning import PlanBuilder
from ssl_seg.planning.draft import Draft
from ssl_seg.planning.phase import Phase
from ssl_seg.planning.write import start_plan


def labeling(plan, labels):
    (part,) = labels.parts
    return plan.stages[part.stage]


def test_one_stage_has_several_teachers(crossed, finish):
    b, _, models = crossed()
    labels = b.label(b.ensemble(models[:2]), b.reference)
    plan = finish(b, b.train(b.truth, labels, role="final"), labels)
    stage = labeling(plan, labels)
    assert [teacher.identity for teacher in stage.teachers] == [m.identity for m in models[:2]]
    assert [dict(teacher.networks) for teacher in stage.teachers] == [
        m.networks for m in models[:2]
    ]
    assert stage.inputs == tuple(model.networks[None] for model in models[:2])
    assert stage.title == "label 20 cases by student 1, fold 0 and student 1, fold 1"


def test_an_ensemble_of_one_labels_as_the_model_does(crossed):
    b, folds, models = crossed()
    alone, together = (b.label(who, folds[0]) for who in (models[0], b.ensemble(models[:1])))
    assert alone.parts[0].stage == together.parts[0].stage


def test_each_teacher_and_their_order_are_in_the_fingerprint(crossed):
    b, _, (first, second, third) = crossed()
    teams = [[first], [first, second], [second, first], [first, third], [first, second, third]]
    stages = {b.label(b.ensemble(team), b.reference).parts[0].stage for team in teams}
    assert len(stages) == len(teams)


def test_each_teacher_must_not_have_seen_what_is_held_out(crossed):
    b, folds, models = crossed()
    with pytest.raises(ValueError, match=r"student 1, fold 1 was trained on 7 of the 7 .* unseen"):
        b.label(b.ensemble(models[:2]), folds[0], held_out=True)
    b.label(b.ensemble(models[:1]), folds[0], held_out=True)


def test_teachers_that_leave_out_the_same_fold_may_label_it(crossed):
    b, folds, models = crossed()
    labels = b.label(models[0], folds[0])
    again = b.train(b.truth, labels.inside(folds[0]), role="student", generation=2, fold=folds[1])
    b.label(b.ensemble([models[1], models[2]]), b.folds(3)[0], held_out=False)
    with pytest.raises(ValueError, match="student 2, fold 1"):
        b.label(b.ensemble([models[0], again]), folds[0], held_out=True)
    b.label(b.ensemble([models[2], again]), folds[2], held_out=True)


def test_a_case_may_have_several_teachers_that_all_left_it_out(start):
    b = start()
    first = b.label(b.train(b.truth, role="initial"), b.reference)
    folds = b.folds(4)
    # Model i leaves out folds i and i + 1, so fold i is left out by models i and i - 1.
    models = [
        b.train(
            b.truth,
            first.outside(fold).outside(folds[(fold.index + 1) % 4]),
            role="student",
            generation=1,
            fold=fold,
        )
        for fold in folds
    ]
    for fold in folds:
        pair = b.ensemble([models[fold.index], models[fold.index - 1]])
        assert b.label(pair, fold, held_out=True).not_held_out == ()
        with pytest.raises(ValueError, match="unseen"):
            b.label(pair, folds[fold.index - 1], held_out=True)


def test_no_teacher_may_know_hidden_labels(start):
    b = start()
    blind = b.train(b.truth, role="initial")
    knowing = b.train(b.truth, b.hidden_truth, role="student", generation=1)
    with pytest.raises(ValueError, match="student 1 learned R's true labels"):
        b.label(b.ensemble([blind, knowing]), b.reference)


def test_labels_of_an_ensemble_are_not_held_out_where_one_member_has_seen_them(crossed):
    b, folds, models = crossed()
    labels = b.label(b.ensemble(models[:2]), b.reference)
    assert {case.id for case in labels.not_held_out} == {case.id for case in b.reference}
    assert b.label(b.ensemble(models[:1]), folds[0]).not_held_out == ()


def test_models_that_overlays_make_different_cannot_label_together(made_up):
    overlay = {"model": {"decode_head": {"channels": 8}}}
    b = start_plan(made_up.split(), made_up.configs({"roles": {"student": overlay}}), 0)
    models = [b.train(b.truth, role=role) for role in ("initial", "student")]
    with pytest.raises(ValueError, match="initial and student 0 cannot label together"):
        b.label(b.ensemble(models), b.reference)


def test_an_ensemble_needs_different_models(crossed):
    b, _, models = crossed()
    with pytest.raises(ValueError, match="at least one model, got none"):
        b.ensemble([])
    with pytest.raises(ValueError, match=r"different models, got student 1, fold 0; student 1, "):
        b.ensemble([models[0], models[0]])


def test_members_predict_one_label_space(made_up):
    configs = made_up.configs()
    draft = Draft(made_up.split(), 0)
    models = []
    for phase in (configs, configs.in_space("two")):
        b = PlanBuilder(draft, Phase(phase))
        models.append(b.train(b.truth, role="initial"))
    with pytest.raises(ValueError, match="one label space, got three, two"):
        b.ensemble(models)


def test_scores_of_ensembles_are_of_their_labels(crossed, finish):
    b, folds, models = crossed()
    pairs = [b.ensemble([models[at], models[at - 1]]) for at in range(3)]
    labels = b.join(b.label(pair, fold) for pair, fold in zip(pairs, folds, strict=True))
    b.score(1, pairs, labels)
    plan = finish(b, b.train(b.truth, labels, role="final"), labels)
    assert [(row.model, row.cases, row.fold) for row in plan.rows[:-1]] == [
        ("model-0", "test", None),
        ("model-1", "test", None),
        ("model-2", "test", None),
        ("mean", "test", None),
        ("fold-0", "reference", 0),
        ("fold-1", "reference", 1),
        ("fold-2", "reference", 2),
        ("mean", "reference", None),
    ]
