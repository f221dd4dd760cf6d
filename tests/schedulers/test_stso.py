import pytest

from ssl_seg.schedulers import STSO


@pytest.mark.parametrize("generations", [1, 2, 4])
def test_it_trains_one_model_a_generation_from_scratch(made_up, generations):
    plan = made_up.plan({"type": "STSO", "generations": generations})
    assert len(plan.trainings) == 1 + generations
    assert {stage.start for stage in plan.trainings} == {None}
    assert {stage.scratch_seed for stage in plan.trainings} == {plan.trainings[0].scratch_seed}


def test_each_student_learns_its_teachers_labels_of_all_cases(made_up):
    split = made_up.split(truth=False)
    plan = made_up.plan({"type": "STSO", "generations": 3}, split=split)
    for teacher, student in zip(plan.trainings, plan.trainings[1:], strict=False):
        labeled, pseudo = student.sources
        assert (labeled.cases, pseudo.cases) == (split.labeled, split.reference)
        assert plan.stages[pseudo.written_by].inputs[0] == teacher.fingerprint


def test_the_last_student_and_its_labels_are_the_result(made_up):
    plan = made_up.plan({"type": "STSO", "generations": 2})
    assert plan.models[None] == plan.trainings[-1].fingerprint
    teachers = [plan.stages[name].teachers for name in plan.labels]
    assert [[one.networks for one in team] for team in teachers] == [[plan.models]]


def test_the_first_generation_differs_from_self_learning_by_the_start_alone(made_up):
    stso, self_learning = (
        made_up.plan({"type": name, "generations": 1}).trainings[1]
        for name in ("STSO", "SelfLearning")
    )
    assert stso.sources == self_learning.sources
    assert (stso.seed, stso.config) == (self_learning.seed, self_learning.config)
    assert stso.start != self_learning.start


@pytest.mark.parametrize("generations", [0, True, 2.0])
def test_impossible_generations_are_refused(generations):
    with pytest.raises(ValueError, match="generations must be a whole number of at least 1"):
        STSO(generations=generations)
