"""Phases of a curriculum: what each takes over, in which label space, and what is refused."""

import pytest

from ssl_seg.planning import PlanBuilder, Result
from ssl_seg.registry import SCHEDULERS

STSO = {"type": "STSO", "generations": 2}
ATSO = {"type": "ATSO", "folds": 2, "generations": 2}
GUIDED = {
    "scheduler": {"type": "STSO", "generations": 1},
    "pseudo_labels": "previous",
    "role": "guided",
}
TUNING = {
    "scheduler": {"type": "SelfLearning", "generations": 1},
    "start": "previous",
    "pseudo_labels": "previous",
    "role": "tuning",
}


@pytest.fixture
def planned(made_up):
    """Plan phases on the made-up split; its spaces are ``three`` and the coarser ``two``."""

    def plan(*phases, **arguments):
        return made_up.plan({"type": "Curriculum", "phases": list(phases)}, **arguments)

    return plan


def coarse(scheduler):
    return {"scheduler": scheduler, "space": "two"}


def trainings(plan):
    return [(stage.role, stage.generation, stage.space.name) for stage in plan.trainings]


def teachers(plan, stage):
    """Return the train stages whose models wrote the pseudo labels of a train stage."""
    writers = [source.written_by for source in stage.sources if source.written_by]
    return [plan.stages[plan.stages[writer].inputs[0]] for writer in writers]


def test_generations_count_through_and_each_phase_has_its_space(planned):
    assert trainings(planned(coarse(STSO), GUIDED, TUNING)) == [
        ("initial", 0, "two"),
        ("student", 1, "two"),
        ("student", 2, "two"),
        ("guided", 3, "three"),
        ("tuning", 4, "three"),
    ]


def test_the_guided_student_learns_coarse_labels_through_sums_and_all_true_classes(planned):
    plan = planned(coarse(STSO), GUIDED)
    labeled, pseudo = plan.trainings[-1].sources
    assert (labeled.values.space.name, labeled.reduction) == ("three", None)
    assert pseudo.values.space.name == "two"
    assert pseudo.reduction is not None
    assert (pseudo.reduction.source.name, pseudo.reduction.table) == ("three", (0, 0, 1))
    assert list(plan.trainings[-1].reductions) == ["two"]


def test_models_of_few_classes_learn_the_mapped_truth(planned, made_up):
    plan = planned(coarse(STSO), GUIDED)
    for stage in plan.trainings[:-1]:
        for source in stage.sources:
            assert source.values.space == made_up.coarse
            assert source.reduction is None
    assert dict(plan.trainings[0].sources[0].values.table) == {0: 0, 1: 0, 2: 1, 255: 255}
    heads = [stage.config.model["decode_head"]["num_classes"] for stage in plan.trainings]
    assert heads == [2, 2, 2, 3]


def test_stso_hands_on_the_labels_of_its_last_model(planned):
    plan = planned(coarse(STSO), GUIDED)
    assert [stage.generation for stage in teachers(plan, plan.trainings[-1])] == [2]


def test_atso_hands_on_held_out_labels_of_its_last_generation(planned):
    plan = planned(coarse(ATSO), GUIDED)
    guided = plan.trainings[-1]
    written = teachers(plan, guided)
    assert [(stage.generation, stage.fold) for stage in written] == [(2, 0), (2, 1)]
    for source, teacher in zip(guided.sources[1:], written, strict=True):
        learned = {case.id for part in teacher.sources for case in part.cases}
        assert learned.isdisjoint(case.id for case in source.cases)


def test_a_final_model_that_nobody_takes_over_is_not_trained(planned):
    assert "final" not in [stage.role for stage in planned(coarse(ATSO), GUIDED).trainings]
    assert "final" in [stage.role for stage in planned(coarse(ATSO)).trainings]


def test_guided_starts_from_scratch_and_tuning_from_guided(planned):
    plan = planned(coarse(ATSO), GUIDED, TUNING)
    guided, tuning = plan.trainings[-2:]
    assert guided.start is None
    assert tuning.start == guided.fingerprint
    assert teachers(plan, tuning) == [guided]
    assert plan.models[None] == tuning.fingerprint


def test_a_taken_over_model_labels_anew_where_its_labels_are_not_taken(planned):
    tuning = {**TUNING, "pseudo_labels": "own"}
    taken, anew = (planned(coarse(ATSO), GUIDED, last) for last in (TUNING, tuning))
    # The guided model has labeled R for its score; the labels are the same stage.
    assert taken.trainings[-1].sources == anew.trainings[-1].sources
    assert [row.generation for row in anew.rows][-1] == taken.rows[-1].generation + 1


def test_labels_of_more_classes_are_mapped_for_a_phase_of_fewer(planned, made_up):
    plan = planned({"scheduler": STSO}, {**GUIDED, "space": "two"})
    _, pseudo = plan.trainings[-1].sources
    assert (pseudo.values.space, pseudo.reduction) == (made_up.coarse, None)
    assert dict(pseudo.values.table) == {0: 0, 1: 0, 2: 1, 255: 255}


def test_the_first_phase_is_the_schedule_itself(planned, made_up):
    alone = made_up.plan(STSO)
    assert list(planned({"scheduler": STSO}).stages) == list(alone.stages)
    assert alone.stages.keys() <= planned({"scheduler": STSO}, TUNING).stages.keys()


def test_phases_may_divide_the_reference_set_in_several_ways(planned, made_up):
    thirds = {
        "scheduler": {"type": "ATSO", "folds": 3, "generations": 1},
        "pseudo_labels": "previous",
    }
    plan = planned(coarse(ATSO), thirds)
    assert list(plan.folds) == [2, 3]
    reference = sorted(case.id for case in made_up.split().reference)
    for count, folds in plan.folds.items():
        assert len(folds) == count
        assert sorted(case for fold in folds for case in fold) == reference


def test_scores_are_in_the_space_of_their_phase(planned):
    plan = planned(coarse(STSO), GUIDED)
    spaces = {
        row.generation: {plan.stages[name].values.space.name for name in row.stages}
        for row in plan.rows
    }
    assert spaces == {0: {"two"}, 1: {"two"}, 2: {"two"}, 3: {"three"}}


def test_the_labeled_sets_pixels_are_known_in_each_space(planned):
    assert list(planned(coarse(STSO), GUIDED).labeled_pixels) == ["two", "three"]


class Deaf:
    """A schedule that says nothing of what it takes over."""

    def plan(self, b: PlanBuilder) -> Result:
        model = b.train(b.truth, role="initial")
        return Result(model, b.label(model, b.reference))


REFUSED = {
    "no phase": ([], r"phases: expected at least one"),
    "no scheduler": ([{"space": "two"}], r"phases\[0\]: expected a dict with a 'scheduler'"),
    "unknown key": ([{"scheduler": STSO, "spaces": "two"}], r"phases\[0\]\.spaces: .*'space'"),
    "unknown scheduler": (
        [coarse({"type": "STS"})],
        r"phases\[0\]\.scheduler\.type: .*'STSO'",
    ),
    "unknown argument": (
        [coarse({"type": "STSO", "folds": 2})],
        r"phases\[0\]\.scheduler\.folds: STSO has no such argument",
    ),
    "unknown role": (
        [coarse(STSO), {**GUIDED, "role": "final"}],
        r"phases\[1\]\.role: .*guided",
    ),
    "unknown space": ([{"scheduler": STSO, "space": "tow"}], r"phases\[0\]: .*'tow'.*'two'"),
    "nothing before": ([GUIDED], r"phases\[0\]\.pseudo_labels: the first phase"),
    "another space's model": (
        [coarse(STSO), TUNING],
        r"phases\[1\]: start='previous': .*'two' \(2 classes\).*'three' \(3 classes\)",
    ),
    "model without effect": (
        [{"scheduler": STSO}, {**GUIDED, "start": "previous"}],
        r"phases\[1\]: start='previous' has no effect",
    ),
    "no labels": (
        [{"scheduler": {"type": "Supervised", "upper_bound": True}}, GUIDED],
        r"phases\[1\]: pseudo_labels='previous': the phase before labels no reference",
    ),
    "hidden truth": (
        [
            {"scheduler": {"type": "Supervised", "upper_bound": True}},
            {"scheduler": {"type": "STSO", "generations": 1}, "start": "previous"},
        ],
        r"phases\[1\]: initial learned R's true labels",
    ),
    "labels not taken": (
        [coarse(STSO), {**GUIDED, "scheduler": {"type": "Supervised"}}],
        r"phases\[1\]\.pseudo_labels: Supervised takes no labels over .*pseudo_labels='own'",
    ),
    "model not taken": (
        [{"scheduler": STSO}, {"scheduler": {"type": "Supervised"}, "start": "previous"}],
        r"phases\[1\]\.start: Supervised takes no model over .*start='own'",
    ),
    "curriculum in a curriculum": (
        [coarse(STSO), {**GUIDED, "scheduler": {"type": "Curriculum", "phases": [coarse(STSO)]}}],
        r"phases\[1\]\.pseudo_labels: Curriculum takes no labels over",
    ),
    "labels not held out": (
        [coarse(STSO), {**GUIDED, "scheduler": ATSO}],
        r"phases\[1\]: ATSO: 20 reference cases.* trained on them",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_and_names_the_phase(planned, case):
    phases, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        planned(*phases)


def test_labels_of_a_space_that_nothing_leads_to_are_refused(planned, made_up):
    configs = made_up.configs(reductions=(made_up.reduction, made_up.other_reduction))
    strange = {**GUIDED, "space": "strange"}
    message = r"the pseudo labels of student 2 .* 'two' \(back, car\).*'strange' \(high, low\)"
    with pytest.raises(ValueError, match=rf"phases\[1\]: {message}"):
        planned(coarse(STSO), strange, configs=configs)


def test_a_plug_in_schedule_that_takes_nothing_over_is_refused(planned, monkeypatch):
    monkeypatch.setitem(SCHEDULERS._module_dict, "Deaf", Deaf)
    planned({"scheduler": {"type": "Deaf"}}, {"scheduler": STSO, "pseudo_labels": "previous"})
    with pytest.raises(ValueError, match=r"phases\[1\]\.pseudo_labels: Deaf takes no labels over"):
        planned(coarse(STSO), {**GUIDED, "scheduler": {"type": "Deaf"}})
