def test_one_model_learns_from_the_labeled_set_alone(made_up):
    split = made_up.split()
    plan = made_up.plan({"type": "Supervised"}, split=split)
    (model,) = plan.trainings
    assert [source.cases for source in model.sources] == [split.labeled]
    assert (model.start, plan.models) == (None, {None: model.fingerprint})


def test_it_labels_the_reference_set_for_the_score_that_others_start_from(made_up):
    plan = made_up.plan({"type": "Supervised"})
    assert [row.cases for row in plan.rows] == ["test", "reference", "test"]
    teachers = [plan.stages[name].teachers for name in plan.labels]
    assert [[one.networks for one in team] for team in teachers] == [[plan.models]]


def test_it_needs_no_reference_set(made_up):
    plan = made_up.plan({"type": "Supervised"}, split=made_up.split(reference=0))
    assert [row.cases for row in plan.rows] == ["test", "test"]


def test_the_upper_bound_learns_from_everything(made_up):
    split = made_up.split()
    plan = made_up.plan({"type": "Supervised", "upper_bound": True}, split=split)
    (model,) = plan.trainings
    assert [source.kind for source in model.sources] == ["labeled", "labeled"]
    assert [source.cases for source in model.sources] == [split.labeled, split.reference]
    assert {row.cases for row in plan.rows} == {"test"}
