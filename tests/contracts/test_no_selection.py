"""Law 3: nothing is chosen on the test set."""

from __future__ import annotations

import pytest
import torch

from ssl_seg.core.stage import EvaluateStage


@pytest.fixture
def plan(scheduler, tiny, finished):
    return tiny.plan(finished(scheduler).config)


def test_the_result_is_the_last_model_of_the_last_generation(plan):
    assert plan.models == {None: plan.trainings[-1].fingerprint}
    student = [stage.generation for stage in plan.trainings]
    result = plan.stages[plan.models[None]]
    assert result.role == "final" or result.generation == max(student)


def test_the_model_is_the_last_iteration(scheduler, plan, finished):
    for stage in plan.trainings:
        path = finished(scheduler).work_dir / "artifacts" / stage.fingerprint / "model.pth"
        assert torch.load(path, weights_only=True)["meta"]["iter"] == stage.size


def test_no_train_stage_depends_on_scores_or_on_labels_of_the_test_set(plan):
    """Neither directly nor through the stages it builds on."""
    test_cases = {
        case.image.path
        for row in plan.rows
        if row.cases == "test"
        for stage in row.stages
        for case in plan.stages[stage].cases
    }
    seen, waiting = set(), [stage.fingerprint for stage in plan.trainings]
    while waiting:
        stage = plan.stages[waiting.pop()]
        assert not isinstance(stage, EvaluateStage)
        cases = getattr(stage, "cases", None)
        if cases is None:
            cases = [case for source in stage.sources for case in source.cases]
        assert not test_cases & {case.image.path for case in cases}
        waiting += set(stage.inputs) - seen
        seen |= set(stage.inputs)


def test_another_test_set_and_a_validation_list_change_no_train_stage(
    scheduler, plan, tiny, finished, tmp_path
):
    reference = finished(scheduler)
    data = tiny.data(tmp_path / "data", test=5)
    settings = tiny.settings(reference.data)
    changes = {
        "scheduler": plan.scheduler,
        "test_dataloader.dataset.data_root": str(data / "test"),
        "test_dataloader.dataset.list_file": "list.txt",
        "val_dataloader": settings["test_dataloader"],
    }
    (data / "test/list.txt").write_text("frame3\nframe4\n")
    other = tiny.plan(tiny.config(tmp_path / "tiny.py", reference.data, changes))
    assert {row.cases for row in other.rows} == {"reference", "test", "validation"}
    names, other_names = ([stage.fingerprint for stage in made.trainings] for made in (plan, other))
    assert other_names == names
    assert other.models == plan.models
    assert other.stages.keys() != plan.stages.keys()
