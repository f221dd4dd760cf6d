"""What a scheduler may ask for, and what comes of asking twice."""

import pytest


def test_asking_twice_for_the_same_work_plans_it_once(start, finish):
    b = start()
    first, second = (b.train(b.truth, role="initial") for _ in range(2))
    labels = [b.label(model, b.reference) for model in (first, second)]
    assert (first, labels[0]) == (second, labels[1])
    plan = finish(b, first, labels[0])
    assert len(plan.trainings) == 1


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


def test_every_model_of_a_run_starts_from_the_same_scratch_and_draws_its_own_samples(start, finish):
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


def test_the_seed_of_a_run_changes_weights_and_samples(start, finish):
    stages = []
    for seed in (0, 1):
        b = start(seed=seed)
        stages += finish(b, b.train(b.truth, role="initial")).trainings
    assert stages[0].seed != stages[1].seed
    assert stages[0].scratch_seed != stages[1].scratch_seed
