"""What a stage can read is what its fingerprint covers, but for what changes no bit."""

from dataclasses import fields, replace

import pytest

from ssl_seg.config.keys import KEYS
from ssl_seg.core.space import LabelValues
from ssl_seg.core.stage import Calibration
from ssl_seg.core.stage_config import (
    ConvergenceRule,
    NetworkConfig,
    Neutral,
    PseudoLabelRule,
    TrainConfig,
)
from ssl_seg.registry import ADAPTERS

ANOTHER = "another value"
RULE = {"mean": 0.4, "least": 0.3, "window": 0.5, "attempts": 2}
ATSO = {"type": "ATSO", "folds": 2, "generations": 1}


class Around:
    """An adapter that changes predictions."""

    def around(self, predictor):
        return predictor


@pytest.fixture(scope="module", autouse=True)
def around():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ADAPTERS._module_dict, "Around", Around)
        yield


@pytest.fixture(scope="module")
def stages(made_up):
    """A stage of each kind, whose config says something wherever it may."""
    plan = made_up.plan(ATSO)
    final = plan.trainings[-1]
    rules = {
        "convergence": ConvergenceRule(**RULE),
        "pseudo_labels": PseudoLabelRule(threshold=0.9),
    }
    train = replace(final, config=replace(final.config, **rules))
    return {stage.kind: stage for stage in (train, plan.labelings[-1], plan.evaluations[-1])}


def names_by_change(stage, value, put):
    """Return the fingerprint of a stage for another value of each field of a part of it."""
    return {
        field.name: put(replace(value, **{field.name: ANOTHER})).fingerprint
        for field in fields(value)
        if not isinstance(getattr(value, field.name), Neutral)
    }


@pytest.mark.parametrize("kind", ["train", "label", "evaluate"])
def test_each_field_of_a_config_changes_the_name_of_its_stage(stages, kind):
    stage = stages[kind]
    names = names_by_change(stage, stage.config, lambda config: replace(stage, config=config))
    assert len({stage.fingerprint, *names.values()}) == len(names) + 1


@pytest.mark.parametrize(
    ("kind", "field", "part"),
    [
        ("train", "convergence", ConvergenceRule),
        ("train", "pseudo_labels", PseudoLabelRule),
        ("label", "networks", NetworkConfig),
    ],
)
def test_each_field_below_a_config_changes_the_name_of_its_stage(stages, kind, field, part):
    stage = stages[kind]
    value = getattr(stage.config, field)
    several = isinstance(value, tuple)
    one = value[0] if several else value
    assert isinstance(one, part)

    def put(changed):
        config = replace(stage.config, **{field: (changed,) if several else changed})
        return replace(stage, config=config)

    names = names_by_change(stage, one, put)
    assert len({stage.fingerprint, *names.values()}) == len(names) + 1


@pytest.mark.parametrize("field", [field.name for field in fields(Calibration)])
def test_all_that_tells_how_far_labels_are_trusted_changes_the_name_of_a_training(made_up, field):
    asked = {"pseudo_labels.calibrated": 0.9, "calibration_parts": 2}
    final = made_up.plan(ATSO, configs=made_up.configs(asked)).trainings[-1]
    *others, source = final.sources
    other = {
        "written_by": source.calibration.written_by[:1],
        "cases": source.calibration.cases[:1],
        "values": LabelValues(made_up.space, ((7, 0),)),
        "max_side": 5,
    }
    calibration = replace(source.calibration, **{field: other[field]})
    changed = replace(final, sources=(*others, replace(source, calibration=calibration)))
    assert changed.fingerprint != final.fingerprint


@pytest.mark.parametrize("field", [field.name for field in fields(Neutral)])
@pytest.mark.parametrize("kind", ["train", "label"])
def test_no_neutral_field_changes_the_name_of_a_stage(stages, kind, field):
    stage = stages[kind]
    neutral = replace(stage.config.neutral, **{field: ANOTHER})
    other = replace(stage, config=replace(stage.config, neutral=neutral))
    assert other != stage
    assert other.fingerprint == stage.fingerprint


def test_the_neutral_part_is_one_of_its_own():
    """Two neutral parts, or one among fields that count, would be easy to mistake."""
    (found,) = (field for field in fields(TrainConfig) if "Neutral" in str(field.type))
    assert found.name == "neutral"


LOAD = [{"type": "LoadImageFromFile"}, {"type": "Resize", "scale": (9, 9)}]
CHANGES = {
    "train_dataloader": {"train_dataloader.batch_size": 5},
    "test_dataloader": {"test_dataloader.dataset.pipeline": LOAD},
    "val_dataloader": {"val_dataloader.dataset.pipeline": LOAD},
    "adapters": {"adapters": [{"type": "Around"}, {"type": "SliceSpacing", "spacing": 2.0}]},
    "max_side": {"max_side": 64},
    "views": {"views": {"axial": {"model": {"backbone": {"base_channels": 3}}}}},
    "cache_dir": {"cache_dir": "elsewhere"},
    "model": {"model.backbone.base_channels": 8},
    "load_from": None,  # a file: see below
    "optim_wrapper": {"optim_wrapper.optimizer.lr": 0.5},
    "param_scheduler": {"param_scheduler": []},
    "train_cfg": {"train_cfg.max_iters": 5},
    "method": {"method": {"type": "Mine"}},
    "convergence": {"convergence": RULE},
    "mix": {"mix": {"labeled": 0.5}},
    "batch": {"batch": {"labeled": 1, "pseudo": 1}},
    "strong": {"strong": [{"type": "PhotoMetricDistortion"}]},
    "average": {"average": 0.9},
    "oversample": {"oversample": 0.5},
    "slice_threshold": {"slice_threshold": 0.9},
    "pseudo_labels": {"pseudo_labels.threshold": 0.5},
    "store_probabilities": {"store_probabilities": True},
    "inference": {"inference": {"type": "Other"}},
    "reference_inference": {"reference_inference": {"flip": True}},
    "test_evaluator": {"test_evaluator": [{"type": "IoUMetric", "iou_metrics": ["mDice"]}]},
    "threads": {"threads": 3},
    "executor": {"executor": {"type": "Other"}},
    "env_cfg": {"env_cfg": {"cudnn_benchmark": True}},
    "default_hooks": {"default_hooks.mine": {"type": "Mine"}},
    "custom_hooks": {"custom_hooks": [{"type": "Mine"}]},
    "custom_imports": None,  # hashed as plug-ins: see below
    "log_level": {"log_level": "ERROR"},
    "log_processor": {"log_processor": {"window_size": 3}},
    "vis_backends": {"vis_backends": [{"type": "Other"}]},
    "visualizer": {"visualizer": {"type": "Other"}},
    "work_dir": {"work_dir": "elsewhere"},
}
"""Another value for each key that a stage reads or nobody needs, by dotted key."""

OF_VOLUMES = ("adapters", "views", "slice_threshold")


def test_each_key_that_a_stage_reads_is_tried():
    assert set(CHANGES) == {key.name for key in KEYS if key.stages or key.neutral}


@pytest.fixture
def planned(made_up, made_up_volumes, tmp_path):
    """Plan with another value of a key."""

    def plan(name, *, changed):
        made = made_up_volumes if name in OF_VOLUMES else made_up
        changes, plugins = CHANGES[name] or {}, {}
        if name == "load_from":
            (tmp_path / "weights.pth").write_bytes(b"weights")
            changes = {"load_from": str(tmp_path / "weights.pth")}
        if name == "custom_imports":
            plugins = {"mine.py": "0123"}
        configs = made.configs(changes, plugins) if changed else made.configs()
        return made.plan(ATSO, split=made.split(validation=2), configs=configs)

    return plan


@pytest.mark.parametrize("key", [k for k in KEYS if k.name in CHANGES], ids=lambda key: key.name)
def test_a_key_is_read_by_the_stages_that_the_table_says(planned, key):
    usual, other = (planned(key.name, changed=changed) for changed in (False, True))
    if key.neutral:
        assert list(other.stages) == list(usual.stages)
        return
    if key.name == "views":
        # One view instead of three leaves fewer stages, none of which is the same.
        assert other.stages.keys().isdisjoint(usual.stages)
        return
    pairs = zip(usual.stages.values(), other.stages.values(), strict=True)
    assert {one.kind for one, two in pairs if own_part(one) != own_part(two)} == set(key.stages)


def own_part(stage):
    """Return what a stage itself reads of a config, without what follows from its inputs."""
    sources = getattr(stage, "sources", ())
    return stage.config, getattr(stage, "pipeline", None), [one.pipeline for one in sources]
