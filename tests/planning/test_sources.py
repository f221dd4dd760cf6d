"""What train stages learn from, by the handles that a scheduler passes."""

import pytest

from ssl_seg.planning.write import start_plan

UNLABELED = {
    "batch": {"labeled": 1, "pseudo": 1, "unlabeled": 2},
    "train_dataloader.batch_size": 4,
}
"""Changes by which trainings also learn from unlabeled cases."""


def sources(b, model):
    return b.draft.stages[model.networks[None]].sources


def test_unlabeled_cases_are_a_source_of_their_own(start):
    b = start(changes=UNLABELED)
    labels = b.label(b.train(b.truth, role="initial"), b.reference)
    left, right = b.folds(2)
    model = b.train(
        b.truth, labels.inside(left), b.unlabeled(right), role="student", generation=1, fold=left
    )
    found = sources(b, model)
    assert [source.kind for source in found] == ["labeled", "pseudo", "unlabeled"]
    unlabeled = found[-1]
    assert {case.id for case in unlabeled.cases} == {case.id for case in b.reference}
    assert not any(step["type"] == "LoadAnnotations" for step in unlabeled.pipeline)
    assert (unlabeled.written_by, unlabeled.reduction) == (None, None)
    assert unlabeled.values.space == model.space


def test_pseudo_labeled_cases_are_learned_from_without_their_labels_too(start):
    b = start(changes=UNLABELED)
    labels = b.label(b.train(b.truth, role="initial"), b.reference)
    left, right = b.folds(2)
    model = b.train(b.truth, labels.outside(left), role="student", generation=1, fold=left)
    assert sources(b, model)[-1].kind == "unlabeled"
    assert {case.id for case in sources(b, model)[-1].cases} == {case.id for case in right.cases}
    b.label(model, left, held_out=True)


def test_without_unlabeled_samples_in_the_batch_nothing_is_unlabeled(start):
    b = start()
    model = b.train(b.truth, b.unlabeled(b.reference), role="initial")
    assert [source.kind for source in sources(b, model)] == ["labeled"]
    assert model.seen == b.train(b.truth, role="initial").seen


def test_a_role_may_do_without_unlabeled_samples(start):
    smaller = {"batch": {"_delete_": True, "labeled": 2, "pseudo": 2}}
    b = start(changes={**UNLABELED, "roles": {"initial": smaller}})
    model = b.train(b.truth, b.unlabeled(b.reference), role="initial")
    assert [source.kind for source in sources(b, model)] == ["labeled"]


def test_a_training_has_the_numbers_of_the_kinds_that_it_has(start):
    b = start(changes={**UNLABELED, "method": {"type": "Mine"}, "mix": {"labeled": 0.5}})
    initial = b.train(b.truth, role="initial")
    student = b.train(b.truth, b.label(initial, b.reference), role="student", generation=1)
    first, second = (b.draft.stages[m.networks[None]].config for m in (initial, student))
    assert (first.batch_size, first.mix, first.method) == (1, None, None)
    assert (second.batch_size, second.mix) == (4, UNLABELED["batch"])
    assert second.method == {"type": "Mine"}


def test_a_batch_leaves_out_no_kind_that_is_learned_from(start):
    b = start(changes={"batch": {"labeled": 4}, "train_dataloader.batch_size": 4})
    labels = b.label(b.train(b.truth, role="initial"), b.reference)
    with pytest.raises(ValueError, match=r"^batch: .* leaves out pseudo samples"):
        b.train(b.truth, labels, role="student", generation=1)


def test_unlabeled_cases_are_in_the_fingerprint(start):
    b = start(changes=UNLABELED)
    left, right = b.folds(2)
    lessons = [(), (b.unlabeled(left),), (b.unlabeled(right),), (b.unlabeled(b.reference),)]
    models = {b.train(b.truth, *more, role="initial").networks[None] for more in lessons}
    assert len(models) == len(lessons)


def test_true_labels_of_unlabeled_cases_stay_hidden(start, made_up):
    b = start()
    assert {case.label for case in b.unlabeled(made_up.split().reference).cases} == {None}


def test_unlabeled_cases_count_as_seen(start):
    b = start(changes=UNLABELED)
    left, right = b.folds(2)
    model = b.train(b.truth, b.unlabeled(right), role="initial")
    b.label(model, left, held_out=True)
    with pytest.raises(ValueError, match="initial was trained on 10 of the 10 cases"):
        b.label(model, right, held_out=True)
    labels = b.label(model, b.reference)
    assert {case.id for case in labels.not_held_out} == {case.id for case in right.cases}
    heir = b.train(b.truth, role="student", generation=1, start=model)
    with pytest.raises(ValueError, match="student 1 was trained on 10 of the 10"):
        b.label(heir, right, held_out=True)


def test_the_start_point_is_learned_from_the_labeled_set_alone(made_up_volumes):
    b = start_plan(made_up_volumes.split(), made_up_volumes.configs(UNLABELED), 0)
    b.train(b.truth, b.unlabeled(b.reference), role="initial")
    kinds = {
        stage.section: [source.kind for source in stage.sources]
        for stage in b.draft.stages.values()
    }
    assert kinds == {"S": ["labeled"], "I": ["labeled"], "J": ["labeled", "unlabeled"]}


def test_a_handle_without_cases_leaves_no_source(start):
    b = start(changes=UNLABELED)
    model = b.train(b.truth, b.unlabeled(()), role="initial")
    assert [source.kind for source in sources(b, model)] == ["labeled"]
    assert model.networks == b.train(b.truth, role="initial").networks
