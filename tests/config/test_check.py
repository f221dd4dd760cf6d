import re

import pytest

from ssl_seg.config.check import checked
from ssl_seg.config.check_classes import check_classes
from ssl_seg.config.key import defaults
from ssl_seg.config.keys import KEYS
from ssl_seg.core.space import LabelSpace

SPACE = LabelSpace("street", ("sky", "road", "car"), ((0, 0, 0),) * 3)


@pytest.fixture
def config(tiny, tmp_path):
    """Return the tiny config, changed by dotted keys."""

    def make(changes=None):
        return tiny.settings(tmp_path, {"scheduler": {"type": "Supervised"}, **(changes or {})})

    return make


def test_defaults_are_filled_in(config):
    usual = defaults(KEYS)
    bare = {key: value for key, value in config().items() if key not in usual}
    in_full = {
        "views": {},
        "start_point": (),
        "inference": {"type": "Image"},
        "pseudo_labels": {
            "threshold": None,
            "class_balanced": None,
            "calibrated": None,
            "weight": None,
            "join": None,
        },
    }
    assert checked(bare) == {**bare, **usual, **in_full}


def test_checking_leaves_the_given_config_as_it_is(config):
    given, copy = config(), config()
    checked(given)
    assert given == copy


def test_what_has_been_checked_is_fine(config):
    once = checked(config({"mix": {"labeled": 0.5}, "pseudo_labels": {"threshold": 0.9}}))
    assert checked(once) == once


@pytest.mark.parametrize(
    "key", ["model", "train_dataloader", "test_dataloader", "optim_wrapper", "train_cfg"]
)
def test_missing_parts_are_named(config, key):
    given = config()
    del given[key]
    with pytest.raises(ValueError, match=f"^{key}: missing"):
        checked(given)


@pytest.mark.parametrize("role", ["", "roles.student."])
def test_every_checkpoint_falls_on_a_step_of_the_optimiser_in_every_role(config, role):
    counts = {f"{role}optim_wrapper.accumulative_counts": 3, "default_hooks.checkpoint": {}}
    with pytest.raises(
        ValueError, match=rf"^{re.escape(role)}default_hooks\.checkpoint\.interval: .* got 500"
    ):
        checked(config(counts))
    own = {"default_hooks.checkpoint": {"interval": 30}}
    assert checked(config({**counts, **own}))


PIPELINE = [{"type": "LoadImageFromFile"}]
BAD = {
    "model": "deeplab",
    "scheduler": "ATSO",
    "split.labled": 3,
    "split": "split.txt",
    "train_dataloader.batchsize": 3,
    "train_dataloader.batch_size": 0,
    "train_dataloader.num_workers": -1,
    "test_dataloader.pin_memory": "yes",
    "test_dataloader.prefetch_factor": 0,
    "test_dataloader.batch_size": 2.5,
    "test_dataloader.num_workers": "two",
    "train_dataloader.dataset": "CamVid",
    "train_dataloader.dataset.pipeline": [],
    "test_dataloader.dataset.pipeline": "load",
    "test_dataloader.dataset.pipeline[1]": None,
    "train_dataloader.sampler": {"type": "WeightedSampler"},
    "val_dataloader.shuffle": True,
    "model.data_preprocessor": {"type": "SegDataPreProcessor"},
    "roles.techer": {},
    "roles.student.modle": {},
    "roles.student.test_evaluator": [],
    "roles.student.load_from": "weights.pth",
    "roles.student": [],
    "roles.student.sections.J": {},
    "roles.student.views.axial": {},
    "roles.student.train_cfg.max_iters": -1,
    "roles.student.mix.labeled": 2,
    "roles.final.pseudo_labels.threshold": 5,
    "roles.initial.param_scheduler": [{"type": "PolyLR"}],
    "mix": "both",
    "mix.labeled": 1.5,
    "mix.pseudo": 0.5,
    "mix.unlabeled": 0.5,
    "mix.mine": 1,
    "batch": [4, 4],
    "batch.labeled": 1.5,
    "batch.mine": 1,
    "batch: ": {"labeled": 1, "pseudo": 2},
    "roles.student.batch: ": {"labeled": 1, "pseudo": 2},
    "strong": {"type": "PhotoMetricDistortion"},
    "strong[1]": "PhotoMetricDistortion",
    "average": 1,
    "roles.student.average": -0.1,
    "roles.student.train_dataloader.batch_size": 0,
    "roles.student.train_dataloader.dataset.pipeline": [],
    "roles.student.method": "FixMatch",
    "roles.final.optim_wrapper": None,
    "roles.final.default_hooks.checkpoint.save_best": "mIoU",
    "method": {"threshold": 0.9},
    "store_probabilities": "yes",
    "adapters[0]": "SliceSpacing",
    "inference": "Image",
    "reference_inference": [0.5, 1.0],
    "randomness.deterministic": True,
    "randomness.seed": -1,
    "split.seed": 1.5,
    "optim_wrapper.accumulative_counts": 0,
    "roles.final.optim_wrapper.accumulative_counts": "2",
    "optim_wrapper.optimizer": {"lr": 0.1},
    "optim_wrapper.paramwise_cfg.custom_key": {"head": {"lr_mult": 10}},
    "env_cfg.cudnn_benchmrk": True,
    "roles.final.log_level": "LOUD",
    "default_hooks.logger": "LoggerHook",
    "roles.final.default_hooks.timer": {"interval": 3},
    "log_level": 3,
    "train_cfg": {"type": "EpochBasedTrainLoop", "max_epochs": 3},
    "train_cfg.max_iters": "many",
    "train_cfg.max_iter": 4,
    "roles.final.train_cfg.max_iter": 4,
    "param_scheduler[1].by_epoch": None,
    "default_hooks.checkpoint.save_best": "mIoU",
    "default_hooks.checkpoint.by_epoch": True,
    "threads": 0,
    "pseudo_labels.treshold": 0.5,
    "pseudo_labels.threshold": "high",
    "pseudo_labels.class_balanced": 1,
    "pseudo_labels.calibrated": 1.0,
    "pseudo_labels.weight": -1,
    "calibration_parts": 1,
    "roles.student.pseudo_labels.weight": float("inf"),
    "pseudo_labels": {"threshold": 0.5, "class_balanced": 0.5},
    "roles.final.pseudo_labels.join": "agreed",
    "roles.final.pseudo_labels": {"weight": 1, "join": "weigh"},
}
"""A bad value by its place in the config; places with brackets are changed by ``CHANGES``."""

CHANGES = {
    "test_dataloader.dataset.pipeline[1]": {
        "test_dataloader.dataset.pipeline": [*PIPELINE, {"kind": "Resize"}]
    },
    "param_scheduler[1].by_epoch": {
        "param_scheduler": [{"type": "PolyLR", "by_epoch": False}, {"type": "PolyLR"}]
    },
    "val_dataloader.shuffle": {"val_dataloader": {"shuffle": True}},
    "roles.student.mix.labeled": {"mix": {"labeled": 0.5}, "roles.student.mix.labeled": 2},
    "mix.labeled": {"mix": {"labeled": 1.5}},
    "mix.pseudo": {"mix": {"pseudo": 0.5}},
    "mix.unlabeled": {"mix": {"labeled": 0.5, "unlabeled": 0.5}},
    "mix.mine": {"mix": {"labeled": 0.5, "mine": 1}},
    "batch.labeled": {"batch": {"labeled": 1.5}},
    "batch.mine": {"batch": {"labeled": 1, "mine": 1}},
    "batch: ": {"batch": {"labeled": 1, "pseudo": 2}},
    "roles.student.batch: ": {
        "batch": {"labeled": 1, "pseudo": 1},
        "train_dataloader.batch_size": 2,
        "roles.student.batch": {"pseudo": 2},
    },
    "strong[1]": {"strong": [{"type": "PhotoMetricDistortion"}, "PhotoMetricDistortion"]},
    "adapters[0]": {"adapters": ["SliceSpacing"]},
}


@pytest.mark.parametrize("place", BAD)
def test_every_message_starts_with_the_place(config, place):
    given = config(CHANGES.get(place, {place: BAD[place]}))
    with pytest.raises(ValueError, match=f"^{re.escape(place)}"):
        checked(given)


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"split.labled": 3}, "did you mean 'labeled'"),
        ({"train_dataloader.batchsize": 3}, "did you mean 'batch_size'"),
        ({"roles.students": {}}, "did you mean 'student'"),
        ({"pseudo_labels.treshold": 0.5}, "did you mean 'threshold'"),
        ({"train_cfg": {"by_epoch": True, "max_epochs": 3}}, "give max_iters instead of epochs"),
        ({"param_scheduler": {"type": "PolyLR"}}, "mmengine's default is True"),
        ({"default_hooks.checkpoint.save_best": "auto"}, "the last one is the result"),
    ],
)
def test_messages_say_what_to_do(config, change, hint):
    with pytest.raises(ValueError, match=hint):
        checked(config(change))


def test_a_dict_in_a_role_replaces_the_word_of_a_default(config):
    overlay = {"roles.student.mix": {"labeled": 0.5}}
    assert checked(config(overlay))["roles"]["student"]["mix"] == {"labeled": 0.5}
    with pytest.raises(ValueError, match=r"^roles\.student\.mix\.labeled: .* got 2"):
        checked(config({"roles.student.mix": {"labeled": 2.0}}))


def test_a_dict_in_a_role_may_stand_where_the_config_has_nothing(config):
    roles = {"student": {"method": {"type": "Mine"}, "env_cfg": {"cudnn_benchmark": True}}}
    assert checked(config({"roles": roles}))["roles"] == roles


def test_a_batch_may_be_exact_numbers_of_each_kind(config):
    changes = {"batch": {"labeled": 1, "pseudo": 3}, "train_dataloader.batch_size": 4}
    assert checked(config(changes))["batch"] == changes["batch"]


def test_roles_may_train_longer_or_with_other_samples(config):
    roles = {
        "initial": {"train_cfg": {"max_iters": 7}},
        "student": {"pseudo_labels": {"threshold": 0.5}, "optim_wrapper": {"optimizer": {"lr": 1}}},
    }
    assert checked(config({"roles": roles}))["roles"] == roles


def test_one_metric_may_stand_without_a_list(config):
    metric = {"type": "IoUMetric", "iou_metrics": ["mIoU"]}
    assert checked(config({"test_evaluator": metric}))["test_evaluator"] == [metric]


def test_heads_of_another_number_of_classes_are_refused_by_place():
    head = {"type": "FCNHead", "num_classes": 19}
    with pytest.raises(ValueError, match=r"^model\.decode_head\.num_classes is 19.* 3 classes"):
        check_classes({"decode_head": head}, SPACE)
    cascade = [{**head, "num_classes": 3}, head]
    with pytest.raises(ValueError, match=r"^model\.auxiliary_head\[1\]\.num_classes is 19"):
        check_classes({"auxiliary_head": cascade}, SPACE)


def test_the_message_on_classes_names_those_of_the_space():
    head = {"type": "FCNHead", "num_classes": 2}
    with pytest.raises(ValueError, match=r"'street',.* \(sky, road, car\)"):
        check_classes({"decode_head": head, "auxiliary_head": None}, SPACE)


def test_class_weights_of_another_number_of_classes_are_refused_by_place():
    losses = [{"type": "CrossEntropyLoss"}, {"type": "DiceLoss", "class_weight": [1, 2]}]
    head = {"type": "FCNHead", "num_classes": 3, "loss_decode": losses}
    place = r"^model\.decode_head\.loss_decode\[1\]\.class_weight has 2 entries"
    with pytest.raises(ValueError, match=place):
        check_classes({"decode_head": head}, SPACE)


@pytest.mark.parametrize(
    ("model", "place"),
    [
        ({"decode_head": {"num_classes": 3}}, r"model\.data_preprocessor\.seg_pad_val is 255"),
        (
            {"decode_head": {"num_classes": 3}, "data_preprocessor": {"seg_pad_val": 200}},
            r"model\.decode_head\.ignore_index is 255",
        ),
    ],
)
def test_another_ignore_value_than_the_spaces_is_refused_by_place(model, place):
    space = LabelSpace("street", SPACE.classes, SPACE.palette, ignore=200)
    with pytest.raises(ValueError, match=place):
        check_classes(model, space)
    head = {"num_classes": 3, "ignore_index": 200}
    check_classes({"decode_head": head, "data_preprocessor": {"seg_pad_val": 200}}, space)


@pytest.mark.parametrize("loader", ["train_dataloader", "test_dataloader"])
def test_the_working_size_is_set_once_and_for_all(config, loader):
    step = {"type": "LoadImageFromFile", "max_side": 64}
    with pytest.raises(ValueError, match=rf"^{loader}\.dataset\.pipeline\[0\]\.max_side: set the"):
        checked(config({f"{loader}.dataset.pipeline": [step]}))


def test_a_space_is_named_by_a_text(config):
    with pytest.raises(ValueError, match=r"^space: expected a string, got \["):
        checked(config({"space": ["street"]}))
