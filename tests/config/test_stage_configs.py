"""Which keys of a config change which stages."""

import pytest

from ssl_seg.config.key import neutral
from ssl_seg.config.keys import KEYS
from ssl_seg.config.nested_keys import HOOKS, LOADER
from ssl_seg.core.space import LabelValues
from ssl_seg.registry import ADAPTERS

ATSO = {"type": "ATSO", "folds": 2, "generations": 1}
LABELED, PSEUDO, TEST = (
    [{"type": "LoadImageFromFile"}, {"type": "Resize", "scale": (size, 8)}] for size in (8, 9, 10)
)


class Mine:
    """An adapter that changes predictions."""

    def around(self, predictor):
        return predictor


@pytest.fixture(scope="module", autouse=True)
def mine():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ADAPTERS._module_dict, "Mine", Mine)
        yield


@pytest.fixture(scope="module")
def planned(made_up):
    """Plan ATSO with changes to the config, on a split with a validation list."""
    split = made_up.split(validation=2)

    def plan(changes=None):
        return made_up.plan(ATSO, split=split, configs=made_up.configs(changes))

    return plan


@pytest.fixture(scope="module")
def usual(planned):
    return planned()


def trained_anew(usual, other):
    return {stage.role for stage in other.trainings if stage.fingerprint not in usual.stages}


def labeled_anew(usual, other):
    return {
        stage.cases[0].id[0] for stage in other.labelings if stage.fingerprint not in usual.stages
    }


LOADING = {"pin_memory": True, "persistent_workers": True}

NEUTRAL = {
    **{
        f"{loader}.{key}": LOADING.get(key, 3)
        for loader in ("train_dataloader", "test_dataloader")
        for key in neutral(LOADER)
    },
    **{f"default_hooks.{name}": {"type": "Other", "interval": 7} for name in neutral(HOOKS)},
    **{key: {"type": "Other"} for key in neutral(KEYS)},
    **dict.fromkeys(("cache_dir", "work_dir"), "other"),
    "log_level": "ERROR",
    "default_hooks.checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 77},
}


UNREAD = {
    *(key.name for key in KEYS if not key.stages),
    *(f"default_hooks.{hook.name}" for hook in HOOKS if not hook.stages),
}
"""What no stage is told."""


@pytest.mark.parametrize("key", NEUTRAL)
def test_neutral_keys_are_in_no_fingerprint_but_reach_the_stages(planned, usual, key):
    other = planned({key: NEUTRAL[key]})
    assert list(other.stages) == list(usual.stages)
    stages = zip(usual.stages.values(), other.stages.values(), strict=True)
    differ = [one.kind for one, two in stages if one != two]
    if key in UNREAD:
        assert differ == []
    elif key.startswith("test_dataloader"):
        assert set(differ) == {"label"}
    elif key == "cache_dir":
        assert set(differ) == {"train", "label"}
    else:
        assert set(differ) == {"train"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model.backbone.base_channels", 8),
        ("optim_wrapper.optimizer.lr", 0.5),
        ("param_scheduler", []),
        ("train_cfg.max_iters", 5),
        ("train_dataloader.batch_size", 3),
        ("train_dataloader.dataset.pipeline", PSEUDO),
        ("custom_hooks", [{"type": "EMAHook"}]),
        ("default_hooks.mine", {"type": "Mine"}),
        ("env_cfg", {"cudnn_benchmark": True}),
        ("threads", 2),
    ],
)
def test_what_training_reads_changes_every_model_and_all_that_follows(planned, usual, key, value):
    assert planned({key: value}).stages.keys().isdisjoint(usual.stages)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("test_dataloader.dataset.pipeline", TEST),
        ("test_dataloader.batch_size", 3),
        ("inference", {"type": "Image", "flip": True}),
        ("adapters", [{"type": "Mine"}]),
    ],
)
def test_what_labeling_reads_changes_labels_and_those_who_learn_from_them(
    planned, usual, key, value
):
    other = planned({key: value})
    assert trained_anew(usual, other) == {"student", "final"}
    assert labeled_anew(usual, other) >= {"r", "e"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model.test_cfg", {"mode": "slide", "crop_size": (8, 8), "stride": (4, 4)}),
        ("model.data_preprocessor.test_cfg", {"size_divisor": 16}),
    ],
)
def test_what_a_model_reads_only_to_label_trains_nothing_on_true_labels_anew(
    planned, usual, key, value
):
    other = planned({key: value})
    assert trained_anew(usual, other) == {"student", "final"}
    assert labeled_anew(usual, other) >= {"r", "e"}


def test_r_may_be_predicted_otherwise_than_e(planned, usual):
    base = {"type": "Image", "flip": True, "scales": (1.0,)}
    other = planned({"inference": base, "reference_inference": {"scales": (0.5, 1.0)}})
    by_list = {stage.cases[0].id[0]: stage.config.inference for stage in other.labelings}
    assert by_list == {"r": {**base, "scales": (0.5, 1.0)}, "e": base, "v": base}


def test_the_models_that_label_r_are_trained_as_before(planned, usual):
    other = planned({"reference_inference": {"flip": True}})
    assert trained_anew(usual, other) == {"student", "final"}
    (first,) = (stage for stage in other.trainings if stage.role == "initial")
    e = [s for s in usual.labelings if s.inputs == (first.fingerprint,) and s.cases[0].id[0] == "e"]
    assert e
    assert all(stage.fingerprint in other.stages for stage in e)


def test_what_scoring_reads_changes_scores_alone(planned, usual):
    other = planned({"test_evaluator": [{"type": "IoUMetric", "iou_metrics": ["mDice"]}]})
    anew = [stage for name, stage in other.stages.items() if name not in usual.stages]
    assert anew == list(other.evaluations)


def test_the_validation_pipeline_changes_validation_labels_alone(planned, usual):
    other = planned({"val_dataloader.dataset.pipeline": TEST})
    assert trained_anew(usual, other) == set()
    assert labeled_anew(usual, other) == {"v"}


def test_keys_that_say_what_to_plan_are_no_part_of_a_stage(planned, usual):
    other = planned({"split.labeled": 3, "split.draw": "spread", "scheduler": {"type": "STSO"}})
    assert list(other.stages) == list(usual.stages)


@pytest.mark.parametrize(
    ("role", "anew"),
    [
        ("initial", {"initial", "student", "final"}),
        ("student", {"student", "final"}),
        ("final", {"final"}),
    ],
)
def test_a_roles_overlay_changes_its_models_and_their_descendants(planned, usual, role, anew):
    other = planned({f"roles.{role}": {"train_cfg": {"max_iters": 7}}})
    assert trained_anew(usual, other) == anew
    assert {stage.size for stage in other.trainings if stage.role == role} == {7}
    assert {stage.size for stage in other.trainings if stage.role != role} == {4}


def test_an_overlay_is_merged_into_the_depth(planned):
    other = planned({"roles.final": {"optim_wrapper": {"optimizer": {"lr": 0.5}}}})
    usual, final = (other.trainings[at].config.optim_wrapper["optimizer"] for at in (0, -1))
    assert final == {**usual, "lr": 0.5}


@pytest.mark.parametrize("where", ["pseudo_labels", "roles.student.pseudo_labels"])
@pytest.mark.parametrize(
    ("key", "value", "asked"),
    [
        ("threshold", 0.5, True),
        ("calibrated", 0.5, True),
        ("weight", 0.5, True),
        ("join", "agree", False),
    ],
)
def test_confidences_are_asked_for_where_someone_reads_them(planned, where, key, value, asked):
    for plan, asked_here in ((planned(), False), (planned({f"{where}.{key}": value}), asked)):
        for stage in plan.labelings:
            assert stage.config.confidence is (asked_here and stage.cases[0].id[0] in "rs")


def test_a_weight_files_content_counts_and_its_path_does_not(planned, tmp_path):
    plans = []
    for name, content in (("a", b"one"), ("b", b"one"), ("c", b"two")):
        (tmp_path / name).write_bytes(content)
        plans.append(planned({"model.pretrained": str(tmp_path / name)}))
    one, copy, two = plans
    assert list(one.stages) == list(copy.stages)
    assert (
        one.trainings[0].config.neutral.weight_files
        != copy.trainings[0].config.neutral.weight_files
    )
    assert one.stages.keys().isdisjoint(two.stages)


def test_what_labels_needs_no_weight_file(planned, tmp_path):
    (tmp_path / "a").write_bytes(b"one")
    plan = planned({"model.pretrained": str(tmp_path / "a")})
    models = [network.model for stage in plan.labelings for network in stage.config.networks]
    assert {model["pretrained"] for model in models} == {None}


def test_transforms_that_read_labels_are_not_part_of_labeling(usual):
    for stage in usual.labelings:
        assert [step["type"] for step in stage.pipeline] == ["LoadImageFromFile", "PackSegInputs"]


def test_a_reference_set_of_its_own_may_have_a_pipeline_of_its_own(planned):
    def pipelines(changes):
        _, *learned = planned(changes).trainings[-1].sources
        return {source.kind: source.pipeline[1]["scale"][0] for source in learned}

    data_set = {"type": "ImageFolder", "data_root": "elsewhere"}
    usual = {"train_dataloader.dataset.pipeline": LABELED}
    assert pipelines({**usual, "split.reference": data_set}) == {"pseudo": 8}
    own = {**data_set, "pipeline": PSEUDO}
    assert pipelines({**usual, "split.reference": own}) == {"pseudo": 9}
    assert pipelines({**usual, "split.reference": "list.txt"}) == {"pseudo": 8}


@pytest.mark.parametrize("size", [2048, 640, None])
def test_whatever_reads_files_is_told_the_working_size(planned, size):
    plan = planned({"max_side": size} if size != 2048 else {})
    pipelines = [stage.pipeline for stage in plan.labelings]
    pipelines += [source.pipeline for stage in plan.trainings for source in stage.sources]
    for step in (step for pipeline in pipelines for step in pipeline):
        reads = step["type"] in ("LoadImageFromFile", "LoadAnnotations")
        assert step.get("max_side", "none") == (size if reads else "none")
    assert {stage.config.max_side for stage in plan.evaluations} == {size}


@pytest.mark.parametrize("reduction", [True, False])
def test_declared_label_maps_are_in_no_labeling_and_other_adapters_are(planned, usual, reduction):
    adapter = {"type": "ClassReduction", "map": "other"} if reduction else {"type": "Mine"}
    other = planned({"adapters": [adapter]})
    assert (list(other.stages) == list(usual.stages)) is reduction


def test_pseudo_labels_are_read_as_class_numbers_whatever_the_data_sets_values_are(made_up):
    values = LabelValues(made_up.space, ((7, 0), (8, 1), (9, 2)))
    configs = made_up.configs()
    configs._values = dict.fromkeys(configs._values, values)
    final = made_up.plan(ATSO, configs=configs).trainings[-1]
    assert [source.values for source in final.sources] == [values, *[made_up.values] * 2]
