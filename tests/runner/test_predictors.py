"""Predictions are mmsegmentation's own, in less memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from PIL import Image as Picture
from torch.nn import functional

from ssl_seg.core.case import Case, DataFile
from ssl_seg.core.errors import UserError
from ssl_seg.core.stage_config import LabelConfig, NetworkConfig
from ssl_seg.registry import PREDICTORS
from ssl_seg.runner import models
from ssl_seg.runner.predictors import Image, most_likely, untrained_predictor

LOAD = ({"type": "LoadImageFromFile"}, {"type": "PackSegInputs"})
SMALLER = (LOAD[0], {"type": "Resize", "scale": (24, 18), "keep_ratio": True}, LOAD[1])
LARGER = (LOAD[0], {"type": "Resize", "scale": (50, 42), "keep_ratio": False}, LOAD[1])

WHOLE = {}
PADDED = {"model.data_preprocessor.test_cfg": {"size_divisor": 32}}
SLIDE = {"model.test_cfg": {"mode": "slide", "crop_size": (16, 16), "stride": (8, 12)}}
CORNERS = {"model.decode_head.align_corners": True}
SIGMOID = {
    "model.decode_head.num_classes": 2,
    "model.decode_head.out_channels": 1,
    "model.decode_head.threshold": 0.4,
    "model.decode_head.loss_decode": {
        "type": "CrossEntropyLoss",
        "use_sigmoid": True,
        "avg_non_ignore": True,
    },
}


@pytest.fixture
def segmentor(tiny, tmp_path):
    """Return a function that builds a model whose weights make lively predictions."""

    def build(changes):
        torch.manual_seed(0)
        made = models.build(tiny.settings(tmp_path, changes)["model"]).eval()
        for name, value in made.named_parameters():
            torch.nn.init.normal_(value, 1 if name.endswith("bn.weight") else 0, 0.4)
        return made

    return build


@pytest.fixture
def case(tmp_path):
    """Return a function that writes a noisy image and returns its case."""

    def write(width=32, height=24, seed=0):
        coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        path = tmp_path / f"{width}x{height}-{seed}.png"
        Picture.fromarray(coarse).resize((width, height), Picture.Resampling.BICUBIC).save(path)
        return Case(path.stem, DataFile(str(path), path.stem), None, "g")

    return write


def theirs(model, predictor, cases):
    """Return what mmsegmentation's test step makes of the same samples."""
    samples = [predictor.read(case) for case in cases]
    with torch.inference_mode():
        return model.test_step(pseudo_collate(samples))


@pytest.mark.parametrize("pipeline", [LOAD, SMALLER, LARGER], ids=["as it is", "smaller", "larger"])
@pytest.mark.parametrize(
    "changes",
    [WHOLE, PADDED, SLIDE, CORNERS, SIGMOID, {**PADDED, **SLIDE}, {**SIGMOID, **SLIDE}],
    ids=["whole", "padded", "slide", "corners", "sigmoid", "padded slide", "sigmoid slide"],
)
def test_labels_are_those_of_mmsegmentation(segmentor, case, changes, pipeline):
    model = segmentor(changes)
    predictor = Image(model, pipeline)
    cases = [case(seed=0), case(seed=1)]
    expected = theirs(model, predictor, cases)
    predicted = predictor.predict([predictor.read(one) for one in cases])
    for ours, other in zip(predicted, expected, strict=True):
        labels = other.pred_sem_seg.data[0].numpy()
        assert ours.labels.dtype == np.uint8
        assert np.array_equal(ours.labels, labels)
        assert len(np.unique(labels)) > 1


@pytest.mark.parametrize("pipeline", [LOAD, SMALLER], ids=["as it is", "smaller"])
@pytest.mark.parametrize("changes", [WHOLE, PADDED, SLIDE], ids=["whole", "padded", "slide"])
def test_the_confidence_is_the_probability_of_the_label(segmentor, case, changes, pipeline):
    model = segmentor(changes)
    predictor = Image(model, pipeline)
    one = case()
    (expected,) = theirs(model, predictor, [one])
    (ours,) = predictor.predict([predictor.read(one)])
    probabilities = expected.seg_logits.data.softmax(dim=0).max(dim=0).values.numpy()
    assert ours.confidence.dtype == np.float32
    assert np.allclose(ours.confidence, probabilities, atol=1e-6)
    assert ours.confidence.min() >= 1 / 3 - 1e-6
    assert ours.confidence.max() <= 1


@pytest.mark.parametrize("pipeline", [LOAD, SMALLER], ids=["as it is", "smaller"])
@pytest.mark.parametrize("changes", [WHOLE, SLIDE, SIGMOID], ids=["whole", "slide", "sigmoid"])
def test_the_probabilities_are_those_of_all_classes(segmentor, case, changes, pipeline):
    predictor = Image(segmentor(changes), pipeline)
    (ours,) = predictor.predict([predictor.read(case())])
    found = ours.probabilities()
    assert found.shape == (2 if changes is SIGMOID else 3, *ours.labels.shape)
    assert np.allclose(found.sum(axis=0), 1, atol=1e-6)
    assert np.array_equal(found.argmax(axis=0), ours.labels)
    assert np.allclose(found.max(axis=0), ours.confidence, atol=1e-6)


def test_images_of_any_sizes_come_back_in_order(segmentor, case):
    model = segmentor(WHOLE)
    predictor = Image(model, LOAD)
    cases = [case(32, 24, 1), case(32, 24, 2), case(20, 28, 3), case(32, 24, 4)]
    predicted = predictor.predict([predictor.read(one) for one in cases])
    for one, ours in zip(cases, predicted, strict=True):
        (alone,) = theirs(model, predictor, [one])
        assert np.array_equal(ours.labels, alone.pred_sem_seg.data[0].numpy()), one.id


def probabilities(model, inputs):
    metas = [{"img_shape": tuple(inputs.shape[-2:]), "ori_shape": tuple(inputs.shape[-2:])}]
    with torch.inference_mode():
        return model.inference(inputs, metas).softmax(dim=1)


def inputs_of(model, predictor, one):
    return model.data_preprocessor(pseudo_collate([predictor.read(one)]), False)["inputs"]


def check_mean(prediction, views):
    mean = torch.stack(views).mean(dim=0)[0]
    confidence, labels = mean.max(dim=0)
    assert np.allclose(prediction.confidence, confidence.numpy(), atol=1e-5)
    top = mean.topk(2, dim=0).values
    clear = (top[0] - top[1] > 1e-5).numpy()
    assert np.array_equal(prediction.labels[clear], labels.numpy()[clear])
    assert clear.mean() > 0.95


@pytest.mark.parametrize(("max_side", "shape"), [(None, (24, 32)), (32, (24, 32)), (16, (12, 16))])
@pytest.mark.parametrize("steps", [LOAD, SMALLER, LARGER], ids=["as it is", "smaller", "larger"])
def test_labels_come_out_at_the_working_size(segmentor, case, steps, max_side, shape):
    pipeline = ({**steps[0], "max_side": max_side}, *steps[1:])
    predictor = Image(segmentor(WHOLE), pipeline)
    (prediction,) = predictor.predict([predictor.read(case())])
    assert prediction.labels.shape == prediction.confidence.shape == shape


def test_a_flip_averages_both_views(segmentor, case):
    model = segmentor(WHOLE)
    predictor, one = Image(model, LOAD, flip=True), case()
    inputs = inputs_of(model, predictor, one)
    views = [probabilities(model, inputs), probabilities(model, inputs.flip(-1)).flip(-1)]
    assert not torch.allclose(*views, atol=1e-2)
    check_mean(predictor.predict([predictor.read(one)])[0], views)


def test_scales_average_all_views(segmentor, case):
    model = segmentor(WHOLE)
    predictor, one = Image(model, LOAD, scales=(1.0, 0.5, 2.0)), case()
    inputs = inputs_of(model, predictor, one)
    views = []
    for scale in (1.0, 0.5, 2.0):
        scaled = functional.interpolate(inputs, scale_factor=scale, mode="bilinear")
        with torch.inference_mode():
            size = tuple(scaled.shape[-2:])
            logits = model.inference(scaled, [{"img_shape": size, "ori_shape": size}])
        views.append(functional.interpolate(logits, size=(24, 32), mode="bilinear").softmax(dim=1))
    check_mean(predictor.predict([predictor.read(one)])[0], views)


def test_flips_and_scales_work_with_one_channel_too(segmentor, case):
    model = segmentor(SIGMOID)
    plain, one = Image(model, LOAD), case()
    (expected,) = plain.predict([plain.read(one)])
    averaged = Image(model, LOAD, flip=True, scales=(0.5, 1.0))
    (prediction,) = averaged.predict([averaged.read(one)])
    assert set(np.unique(prediction.labels)) <= {0, 1}
    assert (prediction.labels == expected.labels).mean() > 0.6
    assert 0.5 <= prediction.confidence.min() <= prediction.confidence.max() <= 1


@pytest.mark.parametrize("scales", [(), (0,), (1.0, -0.5), 1.5, "x", ("1",)])
def test_scales_must_be_positive(scales):
    with pytest.raises(ValueError, match="inference: scales must be a list of positive factors"):
        PREDICTORS.build({"type": "Image", "scales": scales}, None, LOAD, where="inference")


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", [(24, 32), (48, 64), (37, 61), (13, 9)])
@pytest.mark.parametrize("classes", [2, 3, 19])
def test_class_by_class_is_interpolation_then_argmax(size, classes, align_corners):
    generator = torch.Generator().manual_seed(classes)
    logits = torch.randn(1, classes, 24, 32, generator=generator) * 3
    # What functional.interpolate does at the same size is not the identity in the last bit.
    full = (
        logits
        if size == (24, 32)
        else functional.interpolate(logits, size=size, mode="bilinear", align_corners=align_corners)
    )
    predicted = most_likely(logits, size, align_corners)
    assert np.array_equal(predicted.labels, full.argmax(dim=1)[0].numpy())
    confidence = full.softmax(dim=1).max(dim=1).values[0].numpy()
    assert np.allclose(predicted.confidence, confidence, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-3, 100.0, 1e4])
def test_confidences_stay_in_their_range_for_any_logits(scale):
    logits = torch.randn(1, 5, 16, 16, generator=torch.Generator().manual_seed(0)) * scale
    confidence = most_likely(logits, (31, 17), False).confidence
    assert np.isfinite(confidence).all()
    assert confidence.min() >= 0.2 - 1e-6
    assert confidence.max() <= 1


def test_equal_logits_give_the_first_class():
    predicted = most_likely(torch.zeros(1, 4, 3, 3), (6, 6), False)
    assert not predicted.labels.any()
    assert np.allclose(predicted.confidence, 0.25)


def test_teachers_that_cannot_label_together_are_found_before_they_are_trained():
    rstn = NetworkConfig(view=None, model={"type": "RSTN", "network": "tiny", "num_classes": 2})
    config = LabelConfig(
        networks=(rstn,), inference={"type": "Image"}, threads=1, medium="pictures"
    )
    with pytest.raises(UserError, match=r"only as segmentors .*RSTN; let one teacher label"):
        untrained_predictor(config, 2, LOAD, None)
