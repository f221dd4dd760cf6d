"""Models that tell how far labels are to be trusted learn from S alone, without what they label."""

from __future__ import annotations

import pytest

from ssl_seg.core.errors import UserError
from ssl_seg.core.views import BODY_VIEWS

STSO = {"type": "STSO", "generations": 2}
ATSO = {"type": "ATSO", "folds": 2, "generations": 1}
CURRICULUM = {
    "type": "Curriculum",
    "phases": [
        {"scheduler": {"type": "STSO", "generations": 1}, "space": "two"},
        {
            "scheduler": {"type": "STSO", "generations": 1},
            "pseudo_labels": "previous",
            "role": "guided",
        },
    ],
}
ASKED = {"pseudo_labels.calibrated": 0.9, "calibration_parts": 2}


def taught_by_models(plan):
    """Return the sources of pseudo labels of all trainings."""
    return [s for stage in plan.trainings for s in stage.sources if s.kind == "pseudo"]


def ancestors(plan, name):
    """Return all trainings that a stage builds on."""
    found, left = [], [name]
    while left:
        stage = plan.stages[left.pop()]
        left += stage.inputs
        found += [stage] if stage in plan.trainings else []
    return found


@pytest.fixture
def planned(made_up):
    def plan(scheduler, changes=ASKED, **lists):
        return made_up.plan(
            scheduler, split=made_up.split(**lists), configs=made_up.configs(changes)
        )

    return plan


@pytest.mark.parametrize("scheduler", [STSO, ATSO, CURRICULUM], ids=lambda one: one["type"])
def test_each_part_of_the_labeled_set_is_labeled_unseen(planned, made_up, scheduler):
    plan, labeled = planned(scheduler), made_up.split().labeled
    found = {source.calibration for source in taught_by_models(plan)}
    assert None not in found
    # One for each label space that R is labeled in by models that others learn from.
    assert len(found) == len({stage.values.space.name for stage in found})
    for calibration in found:
        assert calibration.cases == labeled
        stages = [plan.stages[name] for name in calibration.written_by]
        assert len(stages) == 2
        assert sorted(c.id for stage in stages for c in stage.cases) == [c.id for c in labeled]
        for stage in stages:
            hidden = {case.id for case in stage.cases}
            (model,) = ancestors(plan, stage.fingerprint)
            (source,) = model.sources
            assert (model.role, source.kind) == ("initial", "labeled")
            assert [c.id for c in source.cases] == [c.id for c in labeled if c.id not in hidden]


def test_nothing_that_tells_it_knows_the_reference_or_the_test_cases(planned, made_up):
    plan = planned(ATSO)
    allowed = {case.id for case in made_up.split().labeled}
    for name in plan.calibrations:
        stages = [plan.stages[name], *ancestors(plan, name)]
        cases = [stages[0].cases, *(s.cases for stage in stages[1:] for s in stage.sources)]
        assert {case.id for listed in cases for case in listed} <= allowed


def test_parts_of_s_are_labeled_as_r_is(planned):
    plan = planned(STSO, {**ASKED, "reference_inference": {"flip": True}})
    reference = plan.stages[taught_by_models(plan)[0].written_by]
    assert reference.config.confidence
    assert all(plan.stages[name].config == reference.config for name in plan.calibrations)


def test_it_costs_as_many_trainings_as_there_are_parts(planned):
    usual, asked = planned(STSO, {}), planned(STSO, {**ASKED, "calibration_parts": 4})
    assert len(asked.trainings) - len(usual.trainings) == 4
    assert len(asked.labelings) - len(usual.labelings) == 4
    assert usual.trainings[0].fingerprint in asked.stages
    assert asked.rows[0].stages
    assert [row.cases for row in asked.rows] == [row.cases for row in usual.rows]


def test_who_does_not_ask_builds_on_nothing_of_it(planned):
    changes = {"roles": {"final": {"pseudo_labels": {"calibrated": 0.9}}}}
    plan = planned(ATSO, changes)
    for stage in plan.trainings:
        for source in stage.sources:
            asks = stage.role == "final" and source.kind == "pseudo"
            assert (source.calibration is not None) == asks
            assert set(source.inputs) <= set(stage.inputs)
    parts = planned(ATSO, {"calibration_parts": 2})
    assert list(parts.stages) == list(planned(ATSO, {}).stages)


def test_the_plan_says_which_labels_tell_it(planned):
    plan = planned(STSO)
    assert len(plan.calibrations) == 2
    assert plan.record()["calibrations"] == list(plan.calibrations)
    assert not set(plan.calibrations) & {s.written_by for s in taught_by_models(plan)}


def test_networks_of_volumes_start_from_nothing_that_saw_the_part(made_up_volumes):
    """The start point learns from all of S, so it may start no model that labels a part of it."""
    plan = made_up_volumes.plan(STSO, configs=made_up_volumes.configs(ASKED))
    assert len(plan.calibrations) == 2
    for name in plan.calibrations:
        hidden = {case.id for case in plan.stages[name].cases}
        models = ancestors(plan, name)
        assert {stage.view for stage in models} == set(BODY_VIEWS)
        assert {stage.section for stage in models} == {"S", "I", "J"}
        seen = {case.id for stage in models for s in stage.sources for case in s.cases}
        assert seen.isdisjoint(hidden)


def test_a_labeled_set_that_cannot_be_divided_is_refused(planned):
    with pytest.raises(UserError, match=r"S has 4 case\(s\).* calibration_parts=5"):
        planned(STSO, {**ASKED, "calibration_parts": 5})


def test_few_groups_are_noted(planned):
    assert any("calibration_parts" in n for n in planned(STSO, labeled=3).notes)
    assert not any("calibration_parts" in n for n in planned(STSO).notes)
