"""Several teachers answer as one: by the mean of what each says alone."""

from __future__ import annotations

import pytest
import torch

from ssl_seg.models.ensemble import Ensemble
from ssl_seg.models.one_channel import as_two_classes
from ssl_seg.runner import models
from ssl_seg.runner.segmentor_logits import SegmentorLogits

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
METAS = [{"ori_shape": (24, 32), "img_shape": (24, 32), "pad_shape": (24, 32)}] * 2


@pytest.fixture
def segmentor(tiny, tmp_path):
    """Return a function that builds a model of a seed whose weights make lively predictions."""

    def build(seed, changes=None):
        torch.manual_seed(seed)
        made = models.build(tiny.settings(tmp_path, changes or {})["model"]).eval()
        for value in made.parameters():
            torch.nn.init.normal_(value, 0.1, 0.4)
        return made

    return build


@pytest.fixture
def images():
    return torch.randn(2, 3, 24, 32, generator=torch.Generator().manual_seed(0))


@torch.inference_mode()
@pytest.mark.parametrize("changes", [{}, SIGMOID], ids=["softmax", "sigmoid"])
def test_its_probabilities_are_the_members_mean(segmentor, images, changes):
    members = [segmentor(seed, changes) for seed in range(3)]
    alone = []
    for member in members:
        logits = member.inference(images, METAS)
        if changes:
            # The threshold, not 1/2, is where both classes are equally likely.
            odds = (logits.sigmoid() / (1 - logits.sigmoid())) * (0.6 / 0.4)
            alone.append(torch.cat([1 / (1 + odds), odds / (1 + odds)], dim=1))
        else:
            alone.append(logits.softmax(dim=1))
    expected = sum(alone) / 3
    found = Ensemble(members).inference(images, METAS).softmax(dim=1)
    assert found.shape == (2, 2 if changes else 3, 24, 32)
    assert torch.allclose(found, expected, atol=1e-6)
    assert not torch.allclose(found, alone[0], atol=1e-3)


@torch.inference_mode()
def test_equal_members_say_what_one_says(segmentor, images):
    one = segmentor(0)
    both = Ensemble([one, segmentor(0)]).inference(images, METAS)
    assert torch.equal(both.argmax(dim=1), one.inference(images, METAS).argmax(dim=1))


@torch.inference_mode()
def test_certain_members_that_disagree_stay_finite(segmentor, images):
    certain = [segmentor(0), segmentor(1)]
    for number, member in enumerate(certain):
        member.decode_head.conv_seg.weight.data.zero_()
        member.decode_head.conv_seg.bias.data = 1e4 * torch.eye(3)[number]
    logits = Ensemble(certain).inference(images, METAS)
    assert logits.isfinite().all()
    assert torch.allclose(logits.softmax(dim=1)[:, 2], torch.zeros(2, 24, 32))


def test_whatever_asks_a_segmentor_can_ask_an_ensemble(segmentor):
    assert SegmentorLogits(Ensemble([segmentor(0), segmentor(1)])).align_corners is False


def test_a_threshold_of_one_half_changes_no_logit():
    logits = torch.linspace(-3, 3, 7).reshape(1, 1, 1, 7)
    two = as_two_classes(logits, 0.5)
    assert torch.equal(two[:, :1], torch.zeros_like(logits))
    assert torch.equal(two[:, 1:], logits)


@pytest.mark.parametrize(
    "changes",
    [
        SIGMOID,
        {"model.decode_head.align_corners": True},
        {"model.data_preprocessor.mean": [0.0, 0.0, 0.0]},
        {"model.data_preprocessor.bgr_to_rgb": False},
    ],
    ids=["classes", "corners", "mean", "channels"],
)
def test_members_of_different_inputs_or_outputs_are_refused(segmentor, changes):
    with pytest.raises(ValueError, match="must have the same classes, data_preprocessor"):
        Ensemble([segmentor(0), segmentor(0, changes)])


def test_a_model_without_a_decode_head_is_refused(segmentor):
    with pytest.raises(ValueError, match=r"only as segmentors .*Linear"):
        Ensemble([segmentor(0), torch.nn.Linear(2, 2)])
