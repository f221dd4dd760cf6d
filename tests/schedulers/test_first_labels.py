"""What models of generation 0 learn from."""

import pytest

SCHEDULES = pytest.mark.parametrize("name", ["SelfLearning", "STSO", "ATSO"])
AGAINST_FOLDS = pytest.mark.parametrize("name", ["SelfLearning", "STSO"])


def schedule(name, **arguments):
    return {"type": name, "generations": 1, **arguments}


@SCHEDULES
def test_by_default_the_first_model_learns_from_the_labeled_set(made_up_unlabeled, name):
    for stage in made_up_unlabeled.plan(schedule(name)).trainings:
        kinds = [source.kind for source in stage.sources]
        assert (kinds == ["labeled"]) is (stage.role == "initial")


@AGAINST_FOLDS
def test_by_option_it_also_learns_from_all_of_r_without_labels(made_up_unlabeled, name):
    split = made_up_unlabeled.split(truth=False)
    plan = made_up_unlabeled.plan(schedule(name, initial="method"), split=split)
    assert [(source.kind, source.cases) for source in plan.trainings[0].sources] == [
        ("labeled", split.labeled),
        ("unlabeled", split.reference),
    ]
    baseline = made_up_unlabeled.plan({"type": "Supervised"}, split=split)
    assert plan.trainings[0] == baseline.trainings[0]


@SCHEDULES
def test_a_config_without_unlabeled_samples_is_refused(made_up, name):
    with pytest.raises(ValueError, match="but batch has no unlabeled samples; name a method"):
        made_up.plan(schedule(name, initial="method"))


@SCHEDULES
@pytest.mark.parametrize("key", ["start", "pseudo_labels"])
def test_a_first_model_that_nothing_would_need_is_refused(made_up_unlabeled, name, key):
    taker = {"scheduler": schedule(name, initial="method"), key: "previous"}
    phases = [{"scheduler": schedule("STSO")}, taker]
    with pytest.raises(ValueError, match=r"phases\[1\]: initial='method' has no effect where"):
        made_up_unlabeled.plan({"type": "Curriculum", "phases": phases})


@AGAINST_FOLDS
def test_another_value_is_refused(made_up, name):
    with pytest.raises(ValueError, match="'supervised' or 'method', got 'fixmatch'"):
        made_up.plan(schedule(name, initial="fixmatch"))
