"""Whatever a config names is known before any work starts, or the message names the place."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
import torch
from mmcv.transforms import BaseTransform

from ssl_seg.compat import import_mmseg
from ssl_seg.config.check import checked
from ssl_seg.registry import TRANSFORMS
from ssl_seg.runner.check_types import check_types


@pytest.fixture
def check(tiny, data):
    """Return a function that checks the tiny config with changes."""
    return lambda changes=None: check_types(checked(tiny.settings(data, changes)))


def pipeline(*steps):
    return [{"type": "LoadImageFromFile"}, {"type": "LoadAnnotations"}, *steps]


TRAIN = "train_dataloader.dataset.pipeline"
TEST = "test_dataloader.dataset.pipeline"
AXIAL = {"views": ("axial",), "test_dataloader.batch_size": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model.type": "EncoderDecoder2"}, r"model\.type: .*'EncoderDecoder2'; did you mean 'Enc"),
        ({"model.backbone.type": "UNett"}, r"model\.backbone\.type: .*did you mean 'UNet'"),
        (
            {"model.backbone.base_chanels": 4},
            r"model\.backbone\.base_chanels: UNet has no such arg",
        ),
        ({"model.backbone.base_chanels": 4}, "did you mean 'base_channels'"),
        ({"model.decode_head.type": "FCNHed"}, r"model\.decode_head\.type: .*'FCNHead'"),
        ({"model.decode_head.dropout": 0.1}, r"model\.decode_head\.dropout: .*'dropout_ratio'"),
        (
            {"model.decode_head.loss_decode": {"type": "CrossEntropyLos"}},
            r"model\.decode_head\.loss_decode\.type: .*'CrossEntropyLoss'",
        ),
        (
            {"model.decode_head.loss_decode.wieght": 1},
            r"model\.decode_head\.loss_decode\.wieght: CrossEntropyLoss has no such argument",
        ),
        (
            {"model.decode_head.norm_cfg": {"type": "BM"}},
            r"model\.decode_head\.norm_cfg\.type: .*'BM'",
        ),
        ({"model.data_preprocessor.means": [0]}, r"model\.data_preprocessor\.means: .*'mean'"),
        ({"model.auxiliary_head": [{"type": "FCNHaed"}]}, r"model\.auxiliary_head\[0\]\.type"),
        ({TRAIN: pipeline({"type": "RandomFlop"})}, rf"{TRAIN}\[2\]\.type: .*'RandomFlip'"),
        (
            {TRAIN: pipeline({"type": "RandomFlip", "probability": 0.5})},
            rf"{TRAIN}\[2\]\.probability: RandomFlip has no such argument",
        ),
        ({TEST: pipeline({"type": "PackSegInput"})}, rf"{TEST}\[2\]\.type: .*'PackSegInputs'"),
        (
            {TRAIN: pipeline({"type": "RandomChoice", "transforms": [[{"type": "Resise"}]]})},
            rf"{TRAIN}\[2\]\.transforms\[0\]\[0\]\.type: .*'Resize'",
        ),
        (
            {"split.reference": {"type": "ImageFolder", "pipeline": pipeline({"type": "Resise"})}},
            r"split\.reference\.pipeline\[2\]\.type: .*'Resize'",
        ),
        ({"optim_wrapper.type": "AmpOptimWraper"}, r"optim_wrapper\.type: .*'AmpOptimWrapper'"),
        pytest.param(
            {"optim_wrapper.type": "AmpOptimWrapper", "optim_wrapper.dtype": "float16"},
            r"optim_wrapper\.dtype: float16 training needs a GPU",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU can"),
        ),
        (
            {"optim_wrapper.clip_grads": {}},
            r"optim_wrapper\.clip_grads: .*did you mean 'clip_grad'",
        ),
        (
            {"optim_wrapper.optimizer": {"type": "AdamV"}},
            r"optim_wrapper\.optimizer\.type: .*'Adam",
        ),
        (
            {"optim_wrapper.optimizer": {"type": "SGD", "momentun": 0.9}},
            r"optim_wrapper\.optimizer\.momentun: SGD has no such argument; .*'momentum'",
        ),
        (
            {"param_scheduler": [{"type": "PolyLr", "by_epoch": False}]},
            r"param_scheduler\[0\]\.type: .*'PolyLR'",
        ),
        (
            {"param_scheduler": {"type": "PolyLR", "by_epoch": False, "powr": 1}},
            r"param_scheduler\.powr: PolyLR has no such argument; did you mean 'power'",
        ),
        (
            {"default_hooks.logger": {"type": "LogerHook"}},
            r"default_hooks\.logger\.type: .*'LoggerH",
        ),
        ({"default_hooks.logger.intervall": 5}, r"default_hooks\.logger\.intervall: .*'interval'"),
        ({"custom_hooks": [{"type": "EMAHok"}]}, r"custom_hooks\[0\]\.type: .*'EMAHook'"),
        (
            {"vis_backends": [{"type": "TensorbordVisBackend"}]},
            r"vis_backends\[0\]\.type: .*'Tensorb",
        ),
        (
            {"visualizer": {"type": "SegLocalVisualiser"}},
            r"visualizer\.type: .*'SegLocalVisualizer'",
        ),
        ({"inference": {"type": "Images"}}, r"inference\.type: .*'Image'"),
        (
            {"inference": {"type": "Image", "flips": True}},
            r"inference\.flips: .*did you mean 'flip'",
        ),
        (
            {"roles": {"final": {"inference": {"type": "Image", "flips": True}}}},
            r"^roles\.final\.inference\.flips: .*did you mean 'flip'",
        ),
        (
            {"reference_inference": {"flips": True}},
            r"^reference_inference\.flips: .*did you mean 'flip'",
        ),
        ({"inference": {"type": "Views"}}, r"^inference\.type: Views predicts volumes, but"),
        (
            {**AXIAL, "inference": {"type": "Image"}},
            r"^inference\.type: Image predicts images, but the config has views",
        ),
        ({"executor": {"type": "Serail"}}, r"executor\.type: .*'Serial'"),
        (
            {"adapters": [{"type": "SliceSpacing2"}]},
            r"adapters\[0\]\.type: nothing is registered as",
        ),
        ({"adapters": ["SliceSpacing"]}, r"adapters\[0\]: expected a dict with a 'type'"),
        (
            {"sections": {"J": {"model": {"backbone": {"base_chanels": 4}}}}},
            r"^sections\.J\.model\.backbone\.base_chanels: .*'base_channels'",
        ),
        (
            {**AXIAL, "views": {"axial": {"custom_hooks": [{"type": "EMAHok"}]}}},
            r"^views\.axial\.custom_hooks\[0\]\.type: .*'EMAHook'",
        ),
        (
            {
                "sections": {"S": {}, "J": {}},
                "roles": {"student": {"sections": {"J": {"optim_wrapper": {"clip_grads": {}}}}}},
            },
            r"^roles\.student\.sections\.J\.optim_wrapper\.clip_grads: .*'clip_grad'",
        ),
        (
            {**AXIAL, TRAIN: [{"type": "LoadSlices", "widow": (0, 1)}]},
            rf"^{TRAIN}\[0\]\.widow: LoadSlices has no such argument; did you mean 'window'",
        ),
        (
            {**AXIAL, "inference": {"type": "CoarseToFine", "max_round": 3}},
            r"^inference\.max_round: .*did you mean 'max_rounds'",
        ),
        (
            {"adapters": [{"type": "SliceSpacing", "spaccing": 1.0}]},
            r"^adapters\[0\]\.spaccing: .*did you mean 'spacing'",
        ),
        (
            {"model.decode_head.init_cfg": {"type": "Normal", "override": {"type": "Narmal"}}},
            r"^model\.decode_head\.init_cfg\.override\.type: .*'Normal'",
        ),
        (
            {"model.decode_head.init_cfg": {"type": "Normal", "overide": {"name": "conv_seg"}}},
            r"^model\.decode_head\.init_cfg\.overide: ",
        ),
        (
            {"roles": {"student": {"optim_wrapper": {"optimizer": {"type": "SDG"}}}}},
            r"roles\.student\.optim_wrapper\.optimizer\.type: .*'SGD'",
        ),
    ],
)
def test_what_is_misspelt_is_named_with_its_place(check, changes, message):
    with pytest.raises(ValueError, match=message):
        check(changes)


def test_a_right_config_passes(check):
    check()


@pytest.mark.parametrize(
    "changes",
    [
        {"model.type": "mmseg.EncoderDecoder"},
        {"optim_wrapper": {"type": "AmpOptimWrapper", "optimizer": {"type": "AdamW", "lr": 1}}},
        {"optim_wrapper.paramwise_cfg": {"custom_keys": {"head": {"lr_mult": 10.0}}}},
        {
            "custom_hooks": [
                {"type": "EMAHook", "ema_type": "ExponentialMovingAverage", "momentum": 0.1}
            ]
        },
        {"model.backbone.norm_cfg": {"type": "SyncBN", "requires_grad": True}},
        {"model.backbone.init_cfg": {"type": "Kaiming", "layer": "Conv2d"}},
        {
            "model.decode_head.init_cfg": {
                "type": "Normal",
                "std": 0.2,
                "override": {"type": "Constant", "name": "conv_seg", "val": 1.0},
            }
        },
        {"model.decode_head.init_cfg": [{"type": "Normal", "override": {"name": "conv_seg"}}]},
        AXIAL,
        {**AXIAL, "inference": {"type": "Views", "fusion": "soft", "batch_size": 4}},
        {"adapters": [{"type": "SliceSpacing", "spacing": 1.0}]},
        {"sections": {"S": {"train_cfg": {"max_iters": 2}}, "J": {}}},
        {
            "sections": {"S": {"optim_wrapper": {"clip_grad": {"max_norm": 1}}}, "J": {}},
            "optim_wrapper.constructor": "DefaultOptimWrapperConstructor",
            "optim_wrapper.paramwise_cfg": {"bias_lr_mult": 2.0},
        },
        {"model.auxiliary_head": None},
        {
            TRAIN: pipeline(
                {"type": "RandomChoice", "transforms": [[{"type": "RandomFlip", "prob": 1}]]}
            )
        },
        {"roles": {"student": {"train_cfg": {"max_iters": 2}}}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_mmengine_knows_is_known(check, changes):
    check(changes)


def test_a_plug_in_is_known_once_it_is_imported(check):
    import_mmseg()
    changes = {TRAIN: pipeline({"type": "MadeUpTransform", "strength": 2})}
    with pytest.raises(ValueError, match="MadeUpTransform"):
        check(changes)

    class MadeUpTransform(BaseTransform):
        def __init__(self, *, strength):
            self.strength = strength

        def transform(self, results):
            return results

    TRANSFORMS.register_module(module=MadeUpTransform)
    try:
        check(changes)
    finally:
        TRANSFORMS.module_dict.pop("MadeUpTransform")


def test_nothing_of_the_config_is_changed(tiny, data):
    config = checked(tiny.settings(data))
    before = repr(config)
    check_types(config)
    assert repr(config) == before


@pytest.mark.skipif(find_spec("dvclive") is not None, reason="the package is installed here")
def test_a_backend_without_its_package_is_named_before_work_starts(check):
    message = r"^vis_backends\[0\]\.type: .* needs the package 'dvclive'; pip install dvclive$"
    with pytest.raises(ValueError, match=message):
        check({"vis_backends": [{"type": "DVCLiveVisBackend"}]})
