"""What changes a stage's fingerprint, and what does not."""

from dataclasses import fields, replace

import pytest

from ssl_seg.core.case import DataFile, LabelFile
from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.model_id import ModelId
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.stage import EvaluateStage, LabelStage, Source, Teacher, TrainStage
from ssl_seg.core.stage_config import EvaluateConfig, LabelConfig, Neutral, TrainConfig

OTHER = LabelSpace("other", ("road", "car", "tree"), ((0, 0, 0), (90, 0, 0), (0, 90, 0)))
STEPS = ({"type": "LoadImageFromFile"}, {"type": "Resize", "scale": (8, 8)})
OTHER_STEPS = ({"type": "LoadImageFromFile"}, {"type": "Resize", "scale": (8, 9)})


def change_file(case, part, **change):
    return replace(case, **{part: replace(getattr(case, part), **change)})


@pytest.fixture
def labeled(made_up):
    return Source(
        kind="labeled",
        cases=made_up.cases("s", 3),
        values=made_up.values,
        pipeline=STEPS,
    )


@pytest.fixture
def pseudo(made_up):
    return Source(
        kind="pseudo",
        cases=made_up.cases("r", 3, truth=False),
        values=made_up.values,
        pipeline=STEPS,
        written_by="a" * 32,
    )


@pytest.fixture
def train(labeled, pseudo):
    return TrainStage(
        role="student",
        generation=1,
        fold=0,
        space=labeled.values.space,
        sources=(labeled, pseudo),
        start="b" * 32,
        config=TrainConfig(
            model={}, optim_wrapper={"lr": 0.1}, max_iters=10, batch_size=2, threads=1
        ),
        seed=1,
        scratch_seed=2,
    )


@pytest.fixture
def label(made_up):
    return LabelStage(
        teachers=(Teacher(ModelId("student", 1, 0), {None: "c" * 32}),),
        cases=made_up.cases("r", 3, truth=False),
        space=made_up.space,
        pipeline=STEPS,
        config=LabelConfig(networks=(), inference={}, batch_size=2, threads=1),
    )


@pytest.fixture
def evaluate(made_up):
    return EvaluateStage(
        predictions=("d" * 32, "e" * 32),
        cases=made_up.cases("e", 3),
        values=made_up.values,
        config=EvaluateConfig(metrics=({"type": "IoUMetric"},)),
    )


def test_every_part_of_a_source_changes_what_is_learned(labeled, pseudo, train):
    first, *rest = labeled.cases
    changes = {
        "kind": {"kind": "pseudo"},
        "image": {"cases": (change_file(first, "image", digest="x"), *rest)},
        "label": {"cases": (change_file(first, "label", digest="x"), *rest)},
        "id": {"cases": (replace(first, id="x"), *rest)},
        "fewer": {"cases": tuple(rest)},
        "order": {"cases": (*rest, first)},
        "space": {"values": LabelValues.identity(OTHER)},
        "table": {"values": LabelValues.identity(labeled.values.space, 200)},
        "pipeline": {"pipeline": OTHER_STEPS},
        "writer": {"written_by": "f" * 32},
    }
    stages = {
        name: replace(train, sources=(replace(labeled, **change), pseudo))
        for name, change in changes.items()
    }
    stages["none"] = train
    stages["swapped"] = replace(train, sources=(pseudo, labeled))
    stages["alone"] = replace(train, sources=(labeled,))
    assert len({stage.fingerprint for stage in stages.values()}) == len(stages)


def test_every_part_of_a_training_changes_its_name(train):
    changes = {
        "role": "final",
        "generation": 2,
        "fold": 1,
        "space": OTHER,
        "sources": train.sources[:1],
        "start": None,
        "view": "axial",
        "section": "J",
        "redraw": True,
        "config": replace(train.config, batch_size=3),
        "seed": 9,
        "scratch_seed": 9,
    }
    # A new field must be sorted in here, as part of the name or not.
    assert {field.name for field in fields(train)} == {*changes, "kind"}
    stages = [train, *(replace(train, **{name: value}) for name, value in changes.items())]
    assert len({stage.fingerprint for stage in stages}) == len(stages)


def test_every_part_of_a_labeling_changes_its_name(label):
    first, *rest = label.cases
    (teacher,) = label.teachers
    other_teachers = [
        *(
            (replace(teacher, networks=networks),)
            for networks in (
                {None: "f" * 32},
                {"axial": "c" * 32},
                {"axial": "c" * 32, "coronal": "f" * 32},
                {"axial": "f" * 32, "coronal": "c" * 32},
            )
        ),
        (teacher, teacher),
        (teacher, replace(teacher, networks={None: "f" * 32})),
    ]
    changes = [
        *({"teachers": teachers} for teachers in other_teachers),
        {"cases": (change_file(first, "image", digest="x"), *rest)},
        {"cases": tuple(rest)},
        {"space": OTHER},
        {"pipeline": OTHER_STEPS},
        {"config": replace(label.config, batch_size=3)},
    ]
    names = {name for change in changes for name in change}
    assert {field.name for field in fields(label)} == {*names, "labeled_pixels", "kind"}
    stages = [label, *(replace(label, **change) for change in changes)]
    assert len({stage.fingerprint for stage in stages}) == len(stages)


def test_every_part_of_a_score_changes_its_name(evaluate):
    first, *rest = evaluate.cases
    changes = [
        {"predictions": evaluate.predictions[::-1]},
        {"cases": (change_file(first, "label", digest="x"), *rest)},
        {"values": LabelValues.identity(OTHER)},
        {"config": EvaluateConfig(metrics=())},
        {"reduction": ClassMapping("turned", OTHER, evaluate.values.space, (1, 0, 0))},
    ]
    names = {name for change in changes for name in change}
    assert {field.name for field in fields(evaluate)} == {*names, "kind"}
    stages = [evaluate, *(replace(evaluate, **change) for change in changes)]
    assert len({stage.fingerprint for stage in stages}) == len(stages)


def moved(cases):
    """Return the same cases elsewhere and in another group."""
    return tuple(
        replace(
            case,
            group="another",
            image=DataFile("/elsewhere/image", case.image.digest),
            label=case.label and LabelFile("/elsewhere/label", case.label.digest),
        )
        for case in cases
    )


def test_paths_groups_and_what_is_neutral_are_in_no_name(train, label, evaluate):
    sources = tuple(replace(source, cases=moved(source.cases)) for source in train.sources)
    neutral = Neutral(cache_dir="elsewhere", log_level="ERROR")
    same = replace(train, sources=sources, config=replace(train.config, neutral=neutral))
    assert same.fingerprint == train.fingerprint
    same = replace(
        label,
        cases=moved(label.cases),
        config=replace(label.config, neutral=neutral),
        teachers=(replace(label.teachers[0], identity=ModelId("final", 0)),),
        labeled_pixels=(1, 2),
    )
    assert same.fingerprint == label.fingerprint
    assert replace(evaluate, cases=moved(evaluate.cases)).fingerprint == evaluate.fingerprint


def test_inputs_are_the_stages_that_are_opened(train, label, evaluate):
    start, writer = train.start, train.sources[1].written_by
    assert train.inputs == (start, writer)
    assert replace(train, start=None).inputs == (writer,)
    assert replace(train, start=writer).inputs == (writer,)
    assert label.inputs == ("c" * 32,)
    assert evaluate.inputs == evaluate.predictions


def test_sizes_are_iterations_and_cases(train, label, evaluate):
    assert (train.size, label.size, evaluate.size) == (10, 3, 3)


@pytest.mark.parametrize(
    ("identity", "title"),
    [
        (("initial", 0, None, None, None), "train initial"),
        (("student", 2, None, None, None), "train student 2"),
        (("student", 2, 0, None, None), "train student 2, fold 0"),
        (("student", 2, 0, "axial", None), "train student 2, fold 0, axial"),
        (("student", 2, 0, "axial", "J"), "train student 2, fold 0, axial, section J"),
        (("initial", 0, None, None, "S"), "train initial, section S"),
        (("final", 0, None, None, None), "train final"),
    ],
)
def test_titles_name_the_model(train, identity, title):
    names = ("role", "generation", "fold", "view", "section")
    assert replace(train, **dict(zip(names, identity, strict=True))).title == title


def test_a_labeling_must_not_know_the_truth(label, made_up):
    with pytest.raises(ValueError, match="must not know true labels"):
        replace(label, cases=made_up.cases("r", 3))


def test_cases_without_truth_cannot_be_scored(evaluate):
    bare = evaluate.cases[1].without_label()
    with pytest.raises(ValueError, match=bare.id):
        replace(evaluate, cases=(evaluate.cases[0], bare))
