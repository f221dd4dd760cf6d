"""What every registered scheduler promises, whatever its algorithm."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import pytest

from ssl_seg.core.plan import Plan, merge_stages
from ssl_seg.core.stage import EvaluateStage, TrainStage
from ssl_seg.planning import PlanBuilder, Result, takes_over
from ssl_seg.registry import SCHEDULERS

UPPER_BOUND = {"type": "Supervised", "upper_bound": True}
"""The one schedule that learns from R's true labels, which is what it is for."""

MEDIA = ("images", "volumes")
"""Volumes are planned in three views and trained in sections."""

UNLABELED = "unlabeled"
"""Images, from which every training with pseudo labels also learns without them."""

LEVELS: dict[str, tuple[Any, ...]] = {
    "folds": (2, 3, 5),
    "generations": (1, 2, 3),
    "start": ("scratch", "own"),
    "learn_from": ("others", "own"),
    "medium": MEDIA,
}
"""What is tried of ATSO's arguments."""

PAIRWISE = [
    (2, 1, "own", "own", "volumes"),
    (2, 2, "own", "others", "images"),
    (2, 3, "scratch", "others", "images"),
    (3, 1, "scratch", "others", "images"),
    (3, 2, "own", "own", "volumes"),
    (3, 3, "scratch", "own", "volumes"),
    (5, 1, "scratch", "others", "images"),
    (5, 2, "scratch", "own", "images"),
    (5, 3, "own", "others", "volumes"),
]
"""Rows that hold every two values of `LEVELS` together; all 72 take eight times as long."""


def of_atso(*values):
    """Return medium and schedule of ATSO for values of `LEVELS`."""
    arguments = dict(zip(LEVELS, values, strict=True))
    return arguments.pop("medium"), {"type": "ATSO", **arguments}


PHASES = [
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
"""Of a curriculum, after its first one."""

ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "ATSO": [],  # see `PAIRWISE`
    "Supervised": [{}, {"upper_bound": True}],
    "SelfLearning": [{"generations": count} for count in (1, 3)],
    "STSO": [{"generations": count} for count in (1, 3)],
    "Curriculum": [
        {"phases": [{"scheduler": first, "space": "two"}, *PHASES]}
        for first in (
            {"type": "ATSO", "folds": 3, "generations": 2},
            {"type": "STSO", "generations": 2},
        )
    ],
}
"""What else than a scheduler's defaults is tried; a new one is tested as soon as it is known."""

ALL = [
    *(of_atso(*row) for row in PAIRWISE),
    *(
        (medium, {"type": name, **arguments})
        for medium, name in product((*MEDIA, UNLABELED), SCHEDULERS.names())
        for arguments in ARGUMENTS.get(name, [{}])
    ),
    *((UNLABELED, of_atso(*row)[1]) for row in PAIRWISE[:3]),
    *(
        (UNLABELED, {**schedule, "initial": "method"})
        for schedule in (
            {"type": "SelfLearning", "generations": 1},
            {"type": "STSO", "generations": 1},
            {"type": "ATSO", "generations": 1},
            {"type": "ATSO", "folds": 3, "generations": 2, "start": "own", "learn_from": "own"},
        )
    ),
]
SEMI_SUPERVISED = [(medium, schedule) for medium, schedule in ALL if schedule != UPPER_BOUND]
WITH_COMMON_START = [
    (medium, schedule)
    for medium, schedule in SEMI_SUPERVISED
    if medium != UNLABELED and schedule["type"] != "Curriculum"
]
"""A curriculum begins with a model of fewer classes, and what learns R without labels differs."""


def title(value):
    if isinstance(value, str):
        return value
    if "phases" in value:
        return "-".join(["Curriculum", *(p["scheduler"]["type"] for p in value["phases"])])
    return "-".join(str(part) for part in value.values())


def each(rows):
    """Run a test for each medium and schedule."""
    return pytest.mark.parametrize(("made_up", "scheduler"), rows, ids=title, indirect=["made_up"])


every = each(ALL)
every_semi_supervised = each(SEMI_SUPERVISED)


@pytest.fixture(params=MEDIA)
def made_up(request, made_up, made_up_volumes, made_up_unlabeled):
    """Makes plans of images, of volumes in three views trained in sections, or see UNLABELED."""
    makers = {"images": made_up, "volumes": made_up_volumes, UNLABELED: made_up_unlabeled}
    return makers[request.param]


_planned: dict[tuple[str, str], Plan] = {}


@pytest.fixture
def plan(made_up, scheduler):
    """The plan of the usual split, made once; to be read only."""
    key = json.dumps([made_up.suffix, made_up.changes]), json.dumps(scheduler)
    if key not in _planned:
        _planned[key] = made_up.plan(scheduler)
    return _planned[key]


def test_the_rows_hold_every_two_values_together():
    places = list(combinations(range(len(LEVELS)), 2))
    wanted = {
        (i, j, *pair)
        for i, j in places
        for pair in product(*[[*LEVELS.values()][k] for k in (i, j)])
    }
    assert wanted == {(i, j, row[i], row[j]) for i, j in places for row in PAIRWISE}


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
            stage.identity.title,
            teacher.identity.title,
        )
        for stage in plan.trainings
        for source in stage.sources
        if source.written_by is not None
        for teacher in plan.stages[source.written_by].teachers
        for network in teacher.networks.values()
        if seen_pictures(plan, network) & {case.image.digest for case in source.cases}
    }


def true_labels(stage):
    """Return the digests of the label files that a stage may open."""
    sources = stage.sources if isinstance(stage, TrainStage) else (stage,)
    return {case.label.digest for source in sources for case in source.cases if case.label}


def blind(plan):
    """Return the names of all stages that must not know hidden labels."""
    return {stage.fingerprint for stage in (*plan.trainings, *plan.labelings)}


@every
def test_a_plan_is_a_function_of_split_configs_and_seed(made_up, scheduler, plan):
    assert made_up.plan(scheduler).record() == plan.record()
    assert made_up.plan(scheduler, seed=1).stages.keys().isdisjoint(blind(plan))


@every
def test_where_the_files_lie_does_not_matter(made_up, scheduler, plan):
    elsewhere = made_up.plan(scheduler, split=made_up.split(root="/elsewhere"))
    assert elsewhere.record() == plan.record()


@every
def test_every_stage_comes_after_those_it_builds_on(plan):
    done = set()
    for name, stage in plan.stages.items():
        assert name == stage.fingerprint
        assert done.issuperset(stage.inputs)
        done.add(name)


@every
def test_result_and_rows_are_stages_of_the_plan(plan):
    assert {plan.stages[name].kind for name in plan.models.values()} == {"train"}
    assert {plan.stages[name].kind for name in plan.labels} <= {"label"}
    scored = {name for row in plan.rows for name in row.stages}
    assert scored == {stage.fingerprint for stage in plan.evaluations}


@every
def test_nothing_is_planned_in_vain(plan):
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
        assert [teacher.networks for teacher in labels.teachers] == [plan.models]


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
def test_deleting_the_references_labels_re_runs_nothing(made_up, scheduler, plan):
    hidden = made_up.plan(scheduler, split=made_up.split(truth=False))
    assert blind(hidden) == blind(plan)
    assert hidden.stages.keys() <= plan.stages.keys()
    scored = {row.cases for row in plan.rows} - {row.cases for row in hidden.rows}
    assert scored == {"reference"}


def relabeled(cases):
    return tuple(replace(case, label=replace(case.label, digest="changed")) for case in cases)


@every_semi_supervised
def test_changing_hidden_labels_changes_scores_only(made_up, scheduler, plan):
    split = made_up.split()
    changed = replace(split, reference=relabeled(split.reference), test=relabeled(split.test))
    other = made_up.plan(scheduler, split=changed)
    assert blind(other) == blind(plan)
    first, second = ({stage.fingerprint for stage in one.evaluations} for one in (plan, other))
    assert first.isdisjoint(second)


def test_the_upper_bound_is_the_exception(made_up):
    split = made_up.split()
    hidden = {case.label.digest for case in split.reference}
    for training in made_up.plan(UPPER_BOUND, split=split).trainings:
        assert hidden <= true_labels(training)
    with pytest.raises(ValueError, match="needs true labels"):
        made_up.plan(UPPER_BOUND, split=made_up.split(truth=False))


@every
def test_all_models_are_trained_equally_long(plan):
    sizes = {(stage.section, stage.size) for stage in plan.trainings}
    assert len(sizes) == len({section for section, _ in sizes})


def first_labels(plan, split):
    """Return the names of the stages by which the initial model labels R."""
    reference = {case.id for case in split.reference}
    return [
        stage.fingerprint
        for stage in plan.labelings
        if stage.teachers[0].identity == ("initial", 0, None) and stage.cases[0].id in reference
    ]


def initial(plan):
    return [stage for stage in plan.trainings if stage.role == "initial"]


@each(WITH_COMMON_START)
def test_all_schedules_share_the_initial_model_and_its_labels(made_up, plan):
    split = made_up.split()
    baseline = made_up.plan({"type": "Supervised"}, split=split)
    assert initial(plan) == initial(baseline) == list(baseline.trainings)
    assert len(first_labels(plan, split)) == 1
    assert first_labels(plan, split) == first_labels(baseline, split)


@every
def test_the_name_of_a_schedule_is_in_no_fingerprint(made_up, monkeypatch, scheduler, plan):
    renamed = type("Renamed", (SCHEDULERS.get(scheduler["type"]),), {})
    monkeypatch.setitem(SCHEDULERS._module_dict, "Renamed", renamed)
    renamed_plan = made_up.plan({**scheduler, "type": "Renamed"})
    assert list(renamed_plan.stages) == list(plan.stages)


@pytest.mark.parametrize("made_up", ["images"], indirect=True)
@pytest.mark.parametrize("groups", [None, 1])
def test_no_model_of_atso_learns_what_it_was_taught_by_itself(made_up, groups):
    """The law that ATSO exists for, so every combination is tried."""
    *arguments, _ = LEVELS.values()
    split = made_up.split(groups=groups)
    for values in product(*arguments):
        _, schedule = of_atso(*values, None)
        assert self_taught(made_up.plan(schedule, split=split)) == set(), schedule


@pytest.mark.parametrize("made_up", [UNLABELED], indirect=True)
@pytest.mark.parametrize("initial", ["supervised", "method"])
@pytest.mark.parametrize("groups", [None, 1])
def test_no_model_of_atso_has_seen_what_it_labels_for_others_without_its_label_either(
    made_up, initial, groups
):
    split = made_up.split(groups=groups)
    for folds, start, learn_from in product((2, 3), LEVELS["start"], LEVELS["learn_from"]):
        schedule = of_atso(folds, 2, start, learn_from, None)[1] | {"initial": initial}
        plan = made_up.plan(schedule, split=split)
        assert self_taught(plan) == set(), schedule
        kinds = [{source.kind for source in stage.sources} for stage in plan.trainings]
        assert sum("unlabeled" in held for held in kinds) == len(kinds) - (initial == "supervised")


@every_semi_supervised
def test_unlabeled_cases_are_those_of_pseudo_labels_or_of_a_first_model(plan):
    for stage in plan.trainings:
        cases = {
            kind: {
                case.id for source in stage.sources if source.kind == kind for case in source.cases
            }
            for kind in ("pseudo", "unlabeled")
        }
        if cases["pseudo"] and cases["unlabeled"]:
            assert cases["pseudo"] == cases["unlabeled"]
        assert all(name.startswith("r/") for name in cases["unlabeled"])


@each([of_atso(*row) for row in PAIRWISE if row[-1] == "volumes"])
def test_no_network_of_a_model_of_atso_was_taught_by_itself(plan):
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


class LabelsWhatItSaw:
    """ATSO that labels cases which a model, or the one it starts from, learned without labels."""

    def __init__(self, *, by_start=False):
        self.by_start = by_start

    def plan(self, b: PlanBuilder) -> Result:
        left, right = b.folds(2)
        model = b.train(b.truth, b.unlabeled(left), role="initial", fold=left)
        if self.by_start:
            model = b.train(
                b.truth, b.unlabeled(right), role="student", generation=1, fold=left, start=model
            )
        labels = b.label(model, left, held_out=True)
        return Result(b.train(b.truth, labels, role="final"), labels)


@pytest.mark.parametrize("by_start", [False, True])
@pytest.mark.parametrize("made_up", ["images", UNLABELED], indirect=True)
def test_what_was_learned_without_a_label_is_not_held_out(made_up, monkeypatch, by_start):
    monkeypatch.setitem(SCHEDULERS._module_dict, "LabelsWhatItSaw", LabelsWhatItSaw)
    schedule = {"type": "LabelsWhatItSaw", "by_start": by_start}
    if not made_up.changes:
        # No training of this config looks at unlabeled cases.
        assert self_taught(made_up.plan(schedule)) == set()
        return
    with pytest.raises(ValueError, match="was trained on 10 of the 10 cases"):
        made_up.plan(schedule)


def test_self_learning_and_stso_do_teach_themselves(made_up):
    for name in ("SelfLearning", "STSO"):
        assert self_taught(made_up.plan({"type": name, "generations": 2}))


def test_a_benchmark_runs_the_first_generation_once(made_up):
    schedules = [schedule for medium, schedule in SEMI_SUPERVISED if medium == "images"]
    plans = [made_up.plan(schedule) for schedule in schedules]
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


class HandsOn:
    """A schedule whose model and labels nothing else in a plan can be taken for."""

    def plan(self, b: PlanBuilder) -> Result:
        model = b.train(b.truth, role="student", generation=7)
        return Result(model, b.label(model, b.reference))


@pytest.mark.parametrize("part", ["model", "labels"])
@pytest.mark.parametrize("name", SCHEDULERS.names())
def test_a_scheduler_takes_over_what_its_class_says(made_up, monkeypatch, name, part):
    """What it does not is refused, and what it does is in what it ends with."""
    monkeypatch.setitem(SCHEDULERS._module_dict, "HandsOn", HandsOn)
    taker = next(scheduler for _, scheduler in ALL if scheduler["type"] == name)
    key = {"model": "start", "labels": "pseudo_labels"}[part]

    def planned(choice):
        phases = [{"scheduler": {"type": "HandsOn"}}, {"scheduler": taker, key: choice}]
        return made_up.plan({"type": "Curriculum", "phases": phases})

    assert 7 not in {stage.generation for stage in planned("own").trainings}
    if part in takes_over(SCHEDULERS.get(name)):
        assert 7 in {stage.generation for stage in planned("previous").trainings}
    else:
        with pytest.raises(ValueError, match=rf"{key}: {name} takes no {part} over"):
            planned("previous")
