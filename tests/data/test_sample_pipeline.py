"""Copies of a sample share one crop; strong transforms change what is seen, and move nothing."""

from __future__ import annotations

import random

import numpy as np
import pytest
from mmcv.transforms import BaseTransform

from ssl_seg.core.errors import UserError
from ssl_seg.data import transforms  # noqa: F401 - registers the transforms
from ssl_seg.data.sample_pipeline import SamplePipeline
from ssl_seg.data.training_set import seed_generators
from ssl_seg.registry import TRANSFORMS

PICTURE = np.random.default_rng(0).integers(0, 256, (24, 32, 3)).astype(np.uint8)
MASK = np.arange(24 * 32, dtype=np.uint8).reshape(24, 32) % 7

CROP = ({"type": "RandomCrop", "crop_size": (12, 16)}, {"type": "RandomFlip", "prob": 0.5})
PACK = ({"type": "PackSegInputs"},)


@TRANSFORMS.register_module(name="Noise", force=True)
class Noise(BaseTransform):
    """Write into the picture itself, as some transforms do."""

    def transform(self, results):
        results["img"][...] = np.random.randint(0, 256, results["img"].shape)  # noqa: NPY002 - as transforms do
        return results


@TRANSFORMS.register_module(name="Hole", force=True)
class Hole(BaseTransform):
    """Leave a row out of the picture and of what is learned."""

    def transform(self, results):
        results["gt_seg_map"][random.randrange(4)] = 255
        return results


def record(*, labeled=True):
    made = {"img": PICTURE.copy(), "img_shape": (24, 32), "ori_shape": (24, 32), "seg_fields": []}
    if labeled:
        made |= {"gt_seg_map": MASK.copy(), "seg_fields": ["gt_seg_map"]}
    return made


def copies(strong, wanted, *, steps=(*CROP, *PACK), seed=0, labeled=True):
    seed_generators(seed)
    pipeline = SamplePipeline(steps, strong, unlabeled=not labeled)
    found = pipeline(record(labeled=labeled), wanted)
    return [(c["inputs"].numpy(), c["data_samples"].gt_sem_seg.data[0].numpy()) for c in found]


def test_copies_show_the_same_crop():
    for seed in range(4):
        (weak, mask), *strong = copies([{"type": "Noise"}], ("weak", "strong", "strong"), seed=seed)
        assert all(np.array_equal(mask, other) for _, other in strong)
        assert not np.array_equal(strong[0][0], strong[1][0])
        assert not np.array_equal(weak, strong[0][0])


@pytest.mark.parametrize("wanted", [("weak",), ("weak", "strong"), ("strong", "weak")])
def test_the_weak_copy_is_what_the_pipeline_alone_makes(wanted):
    ((plain, mask),) = copies([], ("weak",))
    weak = copies([{"type": "Noise"}], wanted)[wanted.index("weak")]
    assert np.array_equal(weak[0], plain)
    assert np.array_equal(weak[1], mask)


def test_strong_copies_without_strong_transforms_are_weak():
    (weak, _), (strong, _) = copies([], ("weak", "strong"))
    assert np.array_equal(weak, strong)


def test_an_unlabeled_sample_knows_where_its_picture_ends():
    padded = ({"type": "Pad", "size": (40, 30), "pad_val": {"img": 0, "seg": 255}}, *PACK)
    ((_, mask),) = copies([], ("weak",), steps=padded, labeled=False)
    assert (mask[:24, :32] == 0).all()
    assert (mask == 255).sum() == 30 * 40 - 24 * 32


MOVES = [
    CROP,
    ({"type": "RandomResize", "scale": (32, 24), "ratio_range": (0.5, 2.0), "keep_ratio": True},),
    ({"type": "RandomRotate", "prob": 1.0, "degree": 30},),
    ({"type": "RandomAffine", "degree": 30, "prob": 1.0},),
]


def weights(steps, exponent, *, strong=(), wanted=("weak",)):
    """Return weights and mask of the copies of a sample that is the surer the higher its class."""
    pipeline = SamplePipeline((*steps, *PACK), strong, weight=exponent)
    started = {**record(), "gt_levels": MASK * 30, "seg_fields": ["gt_seg_map", "gt_levels"]}
    return [
        (copy["data_samples"].gt_weight.data, copy["data_samples"].gt_sem_seg.data)
        for copy in pipeline(started, wanted)
    ]


@pytest.mark.parametrize("steps", MOVES)
@pytest.mark.parametrize("exponent", [0.5, 3])
def test_weights_follow_their_pixels(steps, exponent):
    for seed in range(4):
        seed_generators(seed)
        for weight, mask in weights(steps, exponent, wanted=("weak", "strong")):
            inside = mask != 255
            assert inside.any()
            expected = (mask[inside] * 30 / 255) ** exponent
            np.testing.assert_allclose(weight[inside], expected, rtol=1e-5)
            assert weight.shape == mask.shape


def test_a_transform_that_leaves_the_weights_behind_is_refused():
    padded = ({"type": "Pad", "size": (40, 30), "pad_val": {"img": 0, "seg": 255}},)
    with pytest.raises(UserError, match=r"pseudo_labels\.weight: .*\(30, 40\) .*\(24, 32\)"):
        weights(padded, 1)


def test_a_strong_copy_may_leave_pixels_out():
    (_, weak), (_, strong) = copies([{"type": "Hole"}], ("weak", "strong"))
    assert not (weak == 255).any()
    assert (strong == 255).sum() == 16


@TRANSFORMS.register_module(name="CutMask", force=True)
class CutMask(BaseTransform):
    """Cut the mask and forget the picture."""

    def transform(self, results):
        return {**results, "gt_seg_map": results["gt_seg_map"][:4]}


@pytest.mark.parametrize(
    "moving",
    [
        {"type": "CutMask"},
        {"type": "RandomFlip", "prob": 1.0},
        {"type": "Resize", "scale": (8, 6)},
        {"type": "RandomRotate", "prob": 1.0, "degree": (90, 90)},
    ],
)
@pytest.mark.parametrize("wanted", [("strong",), ("weak", "strong")])
def test_a_strong_transform_that_moves_is_refused_by_name(moving, wanted):
    with pytest.raises(UserError, match=rf"^strong \({moving['type']}\): .*same crop"):
        copies([moving], wanted)
