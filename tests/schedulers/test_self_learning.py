import pytest

from ssl_seg.schedulers import SelfLearning


@pytest.mark.parametrize("generations", [1, 2, 4])
def test_it_trains_one_model_a_generation(made_up, generations):
    plan = made_up.plan({"type": "SelfLearning", "generations": generations})
    assert len(plan.trainings) == 1 + generations
    assert [stage.generation for stage in plan.trainings] == list(range(1 + generations))


def test_each_student_goes_on_from_its_teacher(made_up):
    plan = made_up.plan({"type": "SelfLearning", "generations": 3})
    for teacher, student in zip(plan.trainings, plan.trainings[1:], strict=False):
        assert student.start == teacher.fingerprint
        _, pseudo = student.sources
        assert plan.stages[pseudo.written_by].inputs[0] == teacher.fingerprint


def test_each_student_learns_from_all_cases(made_up):
    split = made_up.split(truth=False)
    plan = made_up.plan({"type": "SelfLearning", "generations": 2}, split=split)
    for student in plan.trainings[1:]:
        assert [source.cases for source in student.sources] == [split.labeled, split.reference]


def test_the_last_student_and_its_labels_are_the_result(made_up):
    plan = made_up.plan({"type": "SelfLearning", "generations": 2})
    assert plan.models[None] == plan.trainings[-1].fingerprint
    teachers = [plan.stages[name].teachers for name in plan.labels]
    assert [[one.networks for one in team] for team in teachers] == [[plan.models]]


@pytest.mark.parametrize("generations", [0, -1, 1.5, True, "2"])
def test_impossible_generations_are_refused(generations):
    with pytest.raises(ValueError, match="generations must be a whole number of at least 1"):
        SelfLearning(generations=generations)
