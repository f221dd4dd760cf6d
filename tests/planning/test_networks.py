"""Models of volumes: a network for each view, trained in sections from a shared start point."""

from collections import Counter

import pytest

from ssl_seg.core.fingerprint import derive_seed
from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.planning.write import start_plan

SUPERVISED, UPPER_BOUND = {"type": "Supervised"}, {"type": "Supervised", "upper_bound": True}
STSO = {"type": "STSO", "generations": 2}
SELF_LEARNING = {"type": "SelfLearning", "generations": 2}
ATSO = {"type": "ATSO", "folds": 2, "generations": 2}
CURRICULUM = {
    "type": "Curriculum",
    "phases": [
        {"scheduler": STSO, "space": "two"},
        {"scheduler": STSO, "pseudo_labels": "previous", "role": "guided"},
    ],
}
FROM_SCRATCH = pytest.mark.parametrize(
    "scheduler", [STSO, ATSO, CURRICULUM], ids=lambda one: one["type"]
)
PARTS = Counter((view, section) for view in BODY_VIEWS for section in "SIJ")


@pytest.fixture
def planned(made_up_volumes):
    """Plan with changes to the config of three views and the sections S, I and J."""

    def plan(scheduler, changes=None):
        return made_up_volumes.plan(scheduler, configs=made_up_volumes.configs(changes))

    return plan


@pytest.fixture
def start(made_up_volumes):
    """Start a plan."""

    def make(changes=None):
        return start_plan(made_up_volumes.split(), made_up_volumes.configs(changes), 0)

    return make


def parts(stages):
    return Counter((stage.view, stage.section) for stage in stages)


def of(plan, *roles):
    return [stage for stage in plan.trainings if stage.role in roles]


def start_points(plan):
    """Return the stages that end the start points, by label space and view."""
    return {
        (stage.space.name, stage.view): stage.fingerprint
        for stage in plan.trainings
        if stage.section == "I"
    }


def rows(plan):
    return [(row.generation, row.model, row.cases, row.fold, len(row.stages)) for row in plan.rows]


def test_a_model_is_one_network_for_each_view_and_section(planned):
    plan = planned(SUPERVISED)
    assert parts(plan.trainings) == PARTS
    assert list(plan.models) == list(BODY_VIEWS)
    for view, name in plan.models.items():
        last = plan.stages[name]
        middle = plan.stages[last.start]
        first = plan.stages[middle.start]
        chain = [(stage.view, stage.section) for stage in (first, middle, last)]
        assert chain == [(view, "S"), (view, "I"), (view, "J")]
        assert first.start is None


@pytest.mark.parametrize(
    "scheduler", [SUPERVISED, STSO, SELF_LEARNING, ATSO, CURRICULUM], ids=lambda one: one["type"]
)
def test_all_networks_label_together_and_are_scored_once(planned, made_up, scheduler):
    plan, images = planned(scheduler), made_up.plan(scheduler)
    for labeling in plan.labelings:
        writers = [plan.stages[name] for name in labeling.inputs]
        assert [(view, "J") for view in BODY_VIEWS] == [(one.view, one.section) for one in writers]
        identities = {(one.role, one.generation, one.fold) for one in writers}
        assert identities == {teacher.identity for teacher in labeling.teachers}
    assert len(plan.labelings) == len(images.labelings)
    assert len(plan.evaluations) == len(images.evaluations)
    assert rows(plan) == rows(images)


@FROM_SCRATCH
def test_all_models_from_scratch_share_the_start_point(planned, made_up_volumes, scheduler):
    plan = planned(scheduler)
    labeled = made_up_volumes.split().labeled
    first = [stage for stage in plan.trainings if stage.section in ("S", "I")]
    spaces = {stage.space.name for stage in plan.trainings}
    assert Counter(stage.space.name for stage in first) == dict.fromkeys(
        spaces, 2 * len(BODY_VIEWS)
    )
    for stage in first:
        assert (stage.role, stage.generation, stage.fold) == ("initial", 0, None)
        assert [source.cases for source in stage.sources] == [labeled]
    shared = start_points(plan)
    for stage in plan.trainings:
        if stage.section == "J":
            assert stage.start == shared[stage.space.name, stage.view]


@FROM_SCRATCH
def test_students_from_scratch_train_the_last_section_and_draw_anew(planned, scheduler):
    plan = planned(scheduler)
    students = of(plan, "student", "guided", "final")
    assert {stage.section for stage in students} == {"J"}
    assert {stage.redraw for stage in students} == {True}
    assert {stage.redraw for stage in of(plan, "initial")} == {False}


def test_self_learning_goes_on_with_the_last_section_of_its_teacher(planned):
    plan = planned(SELF_LEARNING)
    students = of(plan, "student")
    assert parts(students) == dict.fromkeys([(view, "J") for view in BODY_VIEWS], 2)
    for student in students:
        teacher = plan.stages[student.sources[1].written_by]
        assert student.start == teacher.teachers[0].networks[student.view]
        assert plan.stages[student.start].section == "J"
        assert not student.redraw


def test_students_of_the_same_fold_may_go_on_too(planned):
    plan = planned({**ATSO, "start": "own"})
    for student in of(plan, "student"):
        before = plan.stages[student.start]
        assert before.view == student.view
        if student.generation == 1:
            assert (before.role, before.section, student.redraw) == ("initial", "I", True)
        else:
            assert (before.fold, before.generation) == (student.fold, student.generation - 1)
            assert (before.section, student.redraw) == ("J", False)


def test_the_upper_bound_trains_all_sections_on_all_true_labels(planned, made_up_volumes):
    split = made_up_volumes.split()
    plan = planned(UPPER_BOUND)
    assert parts(plan.trainings) == PARTS
    for stage in plan.trainings:
        assert [source.cases for source in stage.sources] == [split.labeled, split.reference]
        assert not stage.redraw
    assert plan.stages.keys().isdisjoint(planned(SUPERVISED).stages)


def test_without_a_start_point_each_model_trains_all_sections_for_itself(planned):
    plan = planned(STSO, {"start_point": ()})
    assert parts(plan.trainings) == dict.fromkeys(PARTS, 3)
    for stage in plan.trainings:
        assert (stage.start is None) is (stage.section == "S")
        assert len(stage.sources) == (1 if stage.role == "initial" else 2)
        assert not stage.redraw
        if stage.start is not None:
            before = plan.stages[stage.start]
            assert (before.generation, before.view) == (stage.generation, stage.view)


def test_a_shorter_start_point_leaves_students_more_sections(planned):
    plan = planned(STSO, {"start_point": ("S",)})
    for generation in (1, 2):
        students = [stage for stage in of(plan, "student") if stage.generation == generation]
        assert parts(students) == Counter(
            (view, section) for view in BODY_VIEWS for section in "IJ"
        )
        for stage in students:
            before = plan.stages[stage.start]
            # Drawn anew where the student leaves the start point, and then no more.
            assert stage.redraw is (stage.section == "I")
            assert before.section == {"I": "S", "J": "I"}[stage.section]
            assert before.generation == (0 if stage.redraw else generation)


def test_sections_need_no_views(made_up):
    changes = {"sections": {"first": {}, "second": {}}}
    plan = made_up.plan(STSO, configs=made_up.configs(changes))
    steps = [(stage.role, stage.section, stage.view) for stage in plan.trainings]
    assert steps == [
        ("initial", "first", None),
        ("initial", "second", None),
        ("student", "second", None),
        ("student", "second", None),
    ]


def test_views_need_no_sections(planned):
    plan = planned(STSO, {"sections": {}})
    assert parts(plan.trainings) == {(view, None): 3 for view in BODY_VIEWS}
    assert {(stage.start, stage.redraw) for stage in plan.trainings} == {(None, False)}


def test_the_start_point_counts_as_seen(start, made_up_volumes):
    labeled = made_up_volumes.split().labeled

    def student(b):
        labels = b.label(b.train(b.truth, role="initial"), b.reference)
        # It learns no true label in its own section.
        return b.train(labels, role="student", generation=1)

    b = start()
    with pytest.raises(ValueError, match="student 1 was trained on 4 of the 4"):
        b.label(student(b), labeled, held_out=True)
    b = start({"start_point": ()})
    b.label(student(b), labeled, held_out=True)


def test_what_a_network_of_a_start_has_seen_counts_as_seen(start):
    b = start()
    labels = b.label(b.train(b.truth, role="initial"), b.reference)
    left, right = b.folds(2)
    parent = b.train(b.truth, labels.inside(left), role="student", generation=1, fold=left)
    child = b.train(
        b.truth, labels.inside(right), role="student", generation=2, fold=left, start=parent
    )
    for fold in (left, right):
        with pytest.raises(ValueError, match="student 2, fold 0 was trained on 10"):
            b.label(child, fold, held_out=True)


@pytest.mark.parametrize("scheduler", [STSO, ATSO, SELF_LEARNING], ids=lambda one: one["type"])
def test_each_network_and_section_draws_its_own_samples_from_one_scratch(planned, scheduler):
    plan = planned(scheduler)
    assert len({stage.seed for stage in plan.trainings}) == len(plan.trainings)
    assert len({stage.scratch_seed for stage in plan.trainings}) == 1


def test_views_and_sections_that_are_configured_alike_are_stages_of_their_own(planned):
    plan = planned(SUPERVISED, {"sections": {"S": {}, "I": {}, "J": {}}})
    assert parts(plan.trainings) == PARTS
    assert len({stage.fingerprint for stage in plan.trainings}) == 9


def test_a_network_does_not_depend_on_other_views(planned):
    axial, every = planned(SUPERVISED, {"views": ("axial",)}), planned(SUPERVISED)
    own = {stage.fingerprint for stage in every.trainings if stage.view == "axial"}
    assert {stage.fingerprint for stage in axial.trainings} == own


def test_of_a_model_that_nobody_takes_over_the_start_point_is_left(planned):
    """As in a curriculum, whose later phases take labels over in another label space."""
    plan = planned(CURRICULUM)
    initial = {"two": PARTS, "three": Counter((v, s) for v in BODY_VIEWS for s in "SI")}
    for space, expected in initial.items():
        assert parts(s for s in of(plan, "initial") if s.space.name == space) == expected


def test_plans_of_images_are_as_ever(made_up):
    """One stage a model, and the seeds that runs had before there were views."""
    plan = made_up.plan(STSO)
    assert [stage.title for stage in plan.stages.values()] == [
        "train initial",
        "label 20 cases by initial",
        "label 3 cases by initial",
        "evaluate 3 cases",
        "evaluate 20 cases",
        "train student 1",
        "label 20 cases by student 1",
        "label 3 cases by student 1",
        "evaluate 3 cases",
        "evaluate 20 cases",
        "train student 2",
        "label 20 cases by student 2",
        "label 3 cases by student 2",
        "evaluate 3 cases",
        "evaluate 20 cases",
    ]
    assert list(plan.models) == [None]
    for stage in plan.trainings:
        assert (stage.view, stage.section, stage.redraw, stage.start) == (None, None, False, None)
        assert stage.seed == derive_seed("train", 0, stage.role, stage.generation, None)
