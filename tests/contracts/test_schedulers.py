"""What every registered scheduler promises, whatever its algorithm."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from ssl_seg.core.builder import PlanBuilder, Result
from ssl_seg.core.plan import merge_stages
from ssl_seg.core.stage import EvaluateStage, TrainStage, model_title
from ssl_seg.registry import SCHEDULERS

UPPER_BOUND = {"type": "Supervised", "upper_bound": True}
"""The one schedule that learns from R's true labels, which is what it is for."""

ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "Supervised": [{}, {"upper_bound": True}],
    "SelfLearning": [{"generations": count} for count in (1, 2, 3)],
    "STSO": [{"generations": count} for count in (1, 2, 3)],
    "ATSO": [
        {"folds": folds, "generations": count, "start": start, "learn_from": lessons}
        for folds, count, start, lessons in product(
            (2, 3, 5), (1, 2, 3), ("scratch", "own"), ("others", "own")
        )
    ],
    "Curriculum": [
        {
            "phases": [
                {"scheduler": first, "space": "two"},
                {
                    "scheduler": {"type": "STSO", "generations": 1},
                    "pseudo_labels": "previous",
                    "role": "guided",
                },
                {
                    "scheduler": {"type": "SelfLearning", "generations": 1},
                    "start": "previous",
                    "pseudo_labels": "previous",
                    "role": "tuning",
                },
            ]
        }
        for first in (
            {"type": "ATSO", "folds": 3, "generations": 2},
            {"type": "STSO", "generations": 2},
        )
    ],
}
"""What else than a scheduler's defaults is tried; a new one is tested as soon as it is known."""

ALL = [
    {"type": name, **arguments}
    for name in SCHEDULERS.names()
    for arguments in ARGUMENTS.get(name, [{}])
]
SEMI_SUPERVISED = [scheduler for scheduler in ALL if scheduler != UPPER_BOUND]
IN_ONE_SPACE = [scheduler for scheduler in SEMI_SUPERVISED if scheduler["type"] != "Curriculum"]
"""A curriculum begins with a model of fewer classes."""


def title(scheduler):
    if "phases" in scheduler:
        return "-".join(["Curriculum", *(p["scheduler"]["type"] for p in scheduler["phases"])])
    return "-".join(str(value) for value in scheduler.values())


every = pytest.mark.parametrize("scheduler", ALL, ids=title)
every_semi_supervised = pytest.mark.parametrize("scheduler", SEMI_SUPERVISED, ids=title)


@pytest.fixture(params=["images", "volumes"])
def made_up(request, made_up, made_up_volumes):
    """Makes plans of images, and of volumes in three views trained in sections."""
    return {"images": made_up, "volumes": made_up_volumes}[request.param]


def seen_pictures(plan, model):
    """Return the digests of all pictures that a model or an ancestor by start was trained on."""
    stage = plan.stages[model]
    own = {case.image.digest for source in stage.sources for case in source.cases}
    return own if stage.start is None else own | seen_pictures(plan, stage.start)


def self_taught(plan):
    """Return (student, its teacher) wherever a teacher had seen what it labels for it.

    Walks the finished stages, apart from the builder's own account of what a model has seen.
    """
    return {
        (
            model_title(stage.role, stage.generation, stage.fold),
            model_title(*plan.stages[source.written_by].teacher),
        )
        for stage in plan.trainings
        for source in stage.sources
        if source.written_by is not None
        for teacher in plan.stages[source.written_by].models.values()
        if seen_pictures(plan, teacher) & {case.image.digest for case in source.cases}
    }


def true_labels(stage):
    """Return the digests of the label files that a stage may open."""
    sources = stage.sources if isinstance(stage, TrainStage) else (stage,)
    return {case.label.digest for source in sources for case in source.cases if case.label}


def blind(plan):
    """Return the names of all stages that must not know hidden labels."""
    return {stage.fingerprint for stage in (*plan.trainings, *plan.labelings)}


@every
def test_a_plan_is_a_function_of_split_recipes_and_seed(made_up, scheduler):
    first, second = (made_up.plan(scheduler) for _ in range(2))
    assert first.record() == second.record()
    assert made_up.plan(scheduler, seed=1).stages.keys().isdisjoint(blind(first))


@every
def test_where_the_files_lie_does_not_matter(made_up, scheduler):
    elsewhere = made_up.plan(scheduler, split=made_up.split(root="/elsewhere"))
    assert elsewhere.record() == made_up.plan(scheduler).record()


@every
def test_every_stage_comes_after_those_it_builds_on(made_up, scheduler):
    plan = made_up.plan(scheduler)
    done = set()
    for name, stage in plan.stages.items():
        assert name == stage.fingerprint
        assert done.issuperset(stage.inputs)
        done.add(name)


@every
def test_result_and_rows_are_stages_of_the_plan(made_up, scheduler):
    plan = made_up.plan(scheduler)
    assert {plan.stages[name].kind for name in plan.models.values()} == {"train"}
    assert {plan.stages[name].kind for name in plan.labels} <= {"label"}
    scored = {name for row in plan.rows for name in row.stages}
    assert scored == {stage.fingerprint for stage in plan.evaluations}


@every
def test_nothing_is_planned_in_vain(made_up, scheduler):
    plan = made_up.plan(scheduler)
    scored = (name for row in plan.rows for name in row.stages)
    wanted = {*plan.models.values(), *plan.labels, *scored}
    for name in reversed(plan.stages):
        assert name in wanted
        wanted.update(plan.stages[name].inputs)


@every
def test_the_result_is_scored_as_final(made_up, scheduler):
    plan = made_up.plan(scheduler, split=made_up.split(validation=2))
    final = [row for row in plan.rows if row.model == "final"]
    assert [row.cases for row in final] == ["test", "validation"]
    for row in final:
        (scores,) = (plan.stages[name] for name in row.stages)
        (labels,) = (plan.stages[name] for name in scores.predictions)
        assert labels.models == plan.models


@every_semi_supervised
def test_labels_of_reference_and_test_cases_reach_scores_only(made_up, scheduler):
    split = made_up.split(validation=2)
    plan = made_up.plan(scheduler, split=split)
    known = {case.label.digest for case in split.labeled}
    for stage in plan.stages.values():
        if not isinstance(stage, EvaluateStage):
            assert true_labels(stage) <= known


@every
def test_test_cases_are_never_learned_from(made_up, scheduler):
    split = made_up.split(validation=2)
    plan = made_up.plan(scheduler, split=split)
    scored = {case.image.digest for case in (*split.test, *split.validation)}
    assert not any(seen_pictures(plan, stage.fingerprint) & scored for stage in plan.trainings)


@every_semi_supervised
def test_deleting_the_references_labels_re_runs_nothing(made_up, scheduler):
    known = made_up.plan(scheduler)
    hidden = made_up.plan(scheduler, split=made_up.split(truth=False))
    assert blind(hidden) == blind(known)
    assert hidden.stages.keys() <= known.stages.keys()
    scored = {row.cases for row in known.rows} - {row.cases for row in hidden.rows}
    assert scored == {"reference"}


def relabeled(cases):
    return tuple(replace(case, label=replace(case.label, digest="changed")) for case in cases)


@every_semi_supervised
def test_changing_hidden_labels_changes_scores_only(made_up, scheduler):
    split = made_up.split()
    changed = replace(split, reference=relabeled(split.reference), test=relabeled(split.test))
    plans = [made_up.plan(scheduler, split=part) for part in (split, changed)]
    assert blind(plans[0]) == blind(plans[1])
    first, second = ({stage.fingerprint for stage in plan.evaluations} for plan in plans)
    assert first.isdisjoint(second)


def test_the_upper_bound_is_the_exception(made_up):
    split = made_up.split()
    hidden = {case.label.digest for case in split.reference}
    for training in made_up.plan(UPPER_BOUND, split=split).trainings:
        assert hidden <= true_labels(training)
    with pytest.raises(ValueError, match="needs true labels"):
        made_up.plan(UPPER_BOUND, split=made_up.split(truth=False))


@every
def test_all_models_are_trained_equally_long(made_up, scheduler):
    sizes = {(stage.section, stage.size) for stage in made_up.plan(scheduler).trainings}
    assert len(sizes) == len({section for section, _ in sizes})


def first_labels(plan, split):
    """Return the names of the stages by which the initial model labels R."""
    reference = {case.id for case in split.reference}
    return [
        stage.fingerprint
        for stage in plan.labelings
        if stage.teacher == ("initial", 0, None) and stage.cases[0].id in reference
    ]


def initial(plan):
    return [stage for stage in plan.trainings if stage.role == "initial"]


@pytest.mark.parametrize("scheduler", IN_ONE_SPACE, ids=title)
def test_all_schedules_share_the_initial_model_and_its_labels(made_up, scheduler):
    split = made_up.split()
    plan, baseline = (made_up.plan(one, split=split) for one in (scheduler, {"type": "Supervised"}))
    assert initial(plan) == initial(baseline) == list(baseline.trainings)
    assert len(first_labels(plan, split)) == 1
    assert first_labels(plan, split) == first_labels(baseline, split)


@every
def test_the_name_of_a_schedule_is_in_no_fingerprint(made_up, monkeypatch, scheduler):
    renamed = type("Renamed", (SCHEDULERS.get(scheduler["type"]),), {})
    monkeypatch.setitem(SCHEDULERS._module_dict, "Renamed", renamed)
    plan = made_up.plan({**scheduler, "type": "Renamed"})
    assert list(plan.stages) == list(made_up.plan(scheduler).stages)


@pytest.mark.parametrize(
    "scheduler", [scheduler for scheduler in ALL if scheduler["type"] == "ATSO"], ids=title
)
def test_no_model_of_atso_learns_what_it_was_taught_by_itself(made_up, scheduler):
    for groups in (None, 1):
        plan = made_up.plan(scheduler, split=made_up.split(groups=groups))
        assert self_taught(plan) == set()


class LabelsItsOwnFold:
    """ATSO with the mistake that it exists to avoid."""

    def __init__(self, *, by_start=False):
        self.by_start = by_start

    def plan(self, b: PlanBuilder) -> Result:
        labels = b.label(b.train(b.truth, role="initial"), b.reference)
        left, right = b.folds(2)
        model = b.train(b.truth, labels.inside(left), role="student", generation=1, fold=left)
        if self.by_start:
            model = b.train(
                b.truth, labels.inside(right), role="student", generation=2, fold=left, start=model
            )
        again = b.label(model, left)
        return Result(b.train(b.truth, again, role="final"), again)


@pytest.mark.parametrize("by_start", [False, True])
def test_a_wrong_schedule_is_found_out(made_up, monkeypatch, by_start):
    monkeypatch.setitem(SCHEDULERS._module_dict, "LabelsItsOwnFold", LabelsItsOwnFold)
    plan = made_up.plan({"type": "LabelsItsOwnFold", "by_start": by_start})
    teacher = "student 2, fold 0" if by_start else "student 1, fold 0"
    assert self_taught(plan) == {("final", teacher)}


def test_self_learning_and_stso_do_teach_themselves(made_up):
    for name in ("SelfLearning", "STSO"):
        assert self_taught(made_up.plan({"type": name, "generations": 2}))


def test_a_benchmark_runs_the_first_generation_once(made_up):
    plans = [made_up.plan(scheduler) for scheduler in SEMI_SUPERVISED]
    merged = merge_stages(plans).values()
    trainings = [stage for stage in merged if isinstance(stage, TrainStage)]
    first = [
        (stage.space.name, stage.view, stage.section)
        for stage in trainings
        if stage.role == "initial"
    ]
    assert len(first) == len(set(first))
    assert {space for space, _, _ in first} == {"three", "two"}


@every
def test_models_learn_from_the_same_cases_in_whatever_order_they_are_listed(made_up, scheduler):
    split = made_up.split(groups=10)
    turned = replace(
        split,
        reference=tuple(sorted(split.reference, key=lambda case: case.group, reverse=True)),
    )
    taught = [
        sorted(
            sorted(case.id for source in stage.sources for case in source.cases)
            for stage in made_up.plan(scheduler, split=part).trainings
        )
        for part in (split, turned)
    ]
    assert taught[0] == taught[1]
