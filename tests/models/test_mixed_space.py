"""Coarser labels teach exactly the summed probabilities, through each head's own loss."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from mmengine.model import ExponentialMovingAverage
from mmengine.structures import PixelData
from torch import nn
from torch.nn.functional import interpolate

from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.space import LabelSpace
from ssl_seg.models.mixed_space import check_heads, reduce_logits, supervise_in
from ssl_seg.registry import MODELS
from ssl_seg.runner import models

# These need mmsegmentation, which the modules above make importable.
from mmseg.models import decode_heads  # isort: skip
from mmseg.models.decode_heads.decode_head import BaseDecodeHead  # isort: skip
from mmseg.structures import SegDataSample  # isort: skip

COUNT = 5
HEIGHT, WIDTH = 24, 32


def space(count, name=None, ignore=255):
    classes = tuple(f"{name or count}-{number}" for number in range(count))
    return LabelSpace(name or f"{count} classes", classes, ((0, 0, 0),) * count, ignore)


def class_mapping(*table, classes=None):
    target = space(classes or max(number for number in table if number < 255) + 1)
    return ClassMapping("made-up", space(len(table)), target, table)


TOTAL = class_mapping(0, 1, 1, 2, 2)
PARTIAL = class_mapping(255, 0, 0, 1, 255)
REDUCTIONS = {"total": TOTAL, "partial": PARTIAL}
MIXED = ("total", "fine", "partial", "total")  # spaces of a batch's samples


def classes_of(name):
    return len(REDUCTIONS[name].target) if name in REDUCTIONS else COUNT


def batch(spaces, size=(HEIGHT, WIDTH), seed=0):
    """Make images and samples; a space of None is not said. A tenth of the pixels is ignored."""
    random = torch.Generator().manual_seed(seed)
    samples = []
    for name in spaces:
        truth = torch.randint(classes_of(name), (1, *size), generator=random)
        truth[torch.rand(truth.shape, generator=random) < 0.1] = 255
        samples.append(SegDataSample(gt_sem_seg=PixelData(data=truth)))
        samples[-1].set_metainfo({"img_shape": size} | ({"space": name} if name else {}))
    return torch.randn(len(samples), 3, *size, generator=random), samples


def softmax(logits):
    """Return probabilities of (N, C, ...) logits in double precision."""
    logits = logits.detach().double().numpy()
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def summed(probabilities, table, count):
    """Add up probabilities by group; those of classes without a place come last, if any."""
    places = np.where(np.asarray(table) == 255, count, table)
    groups = np.zeros((len(probabilities), places.max() + 1, *probabilities.shape[2:]))
    for number, place in enumerate(places):
        groups[:, place] += probabilities[:, number]
    return groups


@pytest.fixture(scope="module")
def build(tiny):
    """Return a function that builds the tiny model with five classes and no dropout."""

    def built(changes=None, **head):
        changes = {
            "model.decode_head.num_classes": COUNT,
            "model.decode_head.dropout_ratio": 0,
            **(changes or {}),
            **{f"model.decode_head.{key}": value for key, value in head.items()},
        }
        torch.manual_seed(0)
        return models.build(tiny.settings(Path("/data"), changes)["model"])

    return built


LOSS = {"type": "CrossEntropyLoss", "avg_non_ignore": True}
FCN = {
    "type": "FCNHead",
    "in_channels": 8,
    "in_index": 0,
    "channels": 4,
    "num_convs": 1,
    "num_classes": COUNT,
    "dropout_ratio": 0,
    "loss_decode": {**LOSS, "loss_weight": 0.4},
}


@st.composite
def tables(draw):
    """Tables in which each class of the target has a class; 255 is no place."""
    count = draw(st.integers(1, 6))
    others = st.lists(st.sampled_from([*range(count), 255]), max_size=8)
    return tuple(draw(st.permutations([*range(count), *draw(others)])))


@given(table=tables(), scale=st.sampled_from([1e-3, 1, 10, 100]), seed=st.integers(0, 99))
def test_the_softmax_of_groups_is_their_classes_summed_softmax(table, scale, seed):
    logits = scale * torch.randn(2, len(table), 3, 2, generator=torch.manual_seed(seed)).double()
    reduction = class_mapping(*table)

    groups = softmax(reduce_logits(logits, reduction))

    assert groups.shape[1] == len(reduction.target) + (255 in table)
    expected = summed(softmax(logits), table, len(reduction.target))
    np.testing.assert_allclose(groups, expected, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("reduction", [TOTAL, PARTIAL])
def test_gradients_of_groups_are_right(reduction):
    logits = torch.randn(2, COUNT, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: reduce_logits(x, reduction), logits)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_large_logits_stay_finite_in_at_least_single_precision(dtype):
    signs = torch.cartesian_prod(*[torch.tensor([-100.0, 100.0])] * COUNT)
    logits = signs.T[None, :, :, None].to(dtype).requires_grad_()
    groups = reduce_logits(logits, PARTIAL)
    assert groups.dtype == torch.float32
    losses = nn.functional.cross_entropy(groups, torch.zeros(1, 2**COUNT, 1).long())
    losses.backward()
    assert torch.isfinite(losses)
    assert torch.isfinite(logits.grad).all()


def test_logits_of_another_space_are_refused():
    with pytest.raises(ValueError, match=r"'made-up': expected logits of the 5 classes .* \(1, 3,"):
        reduce_logits(torch.zeros(1, 3, 2, 2), TOTAL)


@pytest.mark.parametrize("spaces", [("fine",) * 3, (None,) * 3, ("elsewhere", "fine", None)])
def test_a_batch_in_the_models_own_space_has_the_unchanged_loss(build, spaces):
    plain = build({"model.auxiliary_head": [FCN]}, dropout_ratio=0.5).train()
    mixing = deepcopy(plain)
    supervise_in(mixing, REDUCTIONS)
    assert list(mixing.state_dict()) == list(plain.state_dict())
    images, samples = batch(spaces)

    losses = []
    for model in (plain, mixing):
        torch.manual_seed(1)
        losses.append(model.loss(images, samples))
        sum(value for name, value in losses[-1].items() if "loss" in name).backward()

    assert losses[0].keys() == losses[1].keys()
    assert all(torch.equal(value, losses[1][name]) for name, value in losses[0].items())
    for before, after in zip(plain.parameters(), mixing.parameters(), strict=True):
        assert torch.equal(before.grad, after.grad)


class Remembering(nn.Module):
    """A loss with a state: it counts its calls."""

    loss_name = "loss_remembering"

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, logits, labels, weight, ignore_index):
        self.calls += 1
        return nn.functional.cross_entropy(logits, labels, ignore_index=ignore_index)


def test_trying_out_a_loss_leaves_its_state_and_the_random_numbers(build):
    model = build()
    model.decode_head.loss_decode = Remembering()
    before = torch.get_rng_state()
    supervise_in(model, REDUCTIONS)
    assert torch.equal(before, torch.get_rng_state())
    assert model.decode_head.loss_decode.calls == 0


@pytest.mark.filterwarnings("ignore:Default ``avg_non_ignore`` is False")
def test_a_map_of_each_class_to_itself_changes_nothing_but_rounding(build):
    model = build(loss_decode={"type": "CrossEntropyLoss", "avg_non_ignore": False}).train()
    images, samples = batch(["fine", "same", "fine"])
    expected = model.loss(images, samples)
    supervise_in(model, {"same": class_mapping(*range(COUNT))})
    losses = model.loss(images, samples)
    torch.testing.assert_close(losses["decode.loss_ce"], expected["decode.loss_ce"])
    # mmsegmentation's accuracy counts labeled pixels, whose share differs between samples.
    torch.testing.assert_close(
        losses["decode.acc_seg"], expected["decode.acc_seg"][0], rtol=0.05, atol=0
    )


# Losses by formula, from probabilities (N, K, H, W) and labels (N, H, W).


def picked(p, labels):
    """Return each labeled pixel's probability of its label."""
    at = np.nonzero(labels != 255)
    return p[at[0], labels[at], at[1], at[2]]


def cross_entropy(p, labels):
    return -np.log(picked(p, labels)).mean()


def cross_entropy_over_all_pixels(p, labels):
    return -np.log(picked(p, labels)).sum() / labels.size


def hard_cross_entropy(p, labels):
    """Of the pixels whose probability is below 0.3; the mean is over all labeled pixels."""
    found = picked(p, labels)
    return -np.log(found[found < 0.3]).sum() / found.size


def one_hot(p, labels):
    return np.stack([labels == number for number in range(p.shape[1])], axis=1).astype(float)


def dice(p, labels):
    t = one_hot(p, labels)
    both, sizes = (p * t).sum((1, 2, 3)), (p**2).sum((1, 2, 3)) + (t**2).sum((1, 2, 3))
    return (1 - 2 * both / (sizes + 2e-3)).mean()


def tversky(p, labels):
    t, known = one_hot(p, labels), (labels != 255)[:, None]
    both = (p * t).sum((2, 3))
    extra, missed = (p * (1 - t) * known).sum((2, 3)), ((1 - p) * t).sum((2, 3))
    return (1 - (both + 1) / (both + 0.3 * extra + 0.7 * missed + 1)).mean()


def lovasz(p, labels):
    """Lovász extension of the Jaccard loss, averaged over the classes that are there."""
    known = labels != 255
    losses = []
    for number in np.unique(labels[known]):
        truth = (labels[known] == number).astype(float)
        errors = np.abs(truth - p[:, number][known])
        order = np.argsort(-errors, kind="stable")
        missed, added = np.cumsum(truth[order]), np.cumsum(1 - truth[order])
        jaccard = 1 - (truth.sum() - missed) / (truth.sum() + added)
        losses.append((errors[order] * np.diff(jaccard, prepend=0)).sum())
    return np.mean(losses)


def accuracy(p, labels):
    known = labels != 255
    return 100 * (p.argmax(1) == labels)[known].mean()


def by_formula(formula, logits, samples, align_corners=False):
    """Return the mean over the samples' spaces, weighted by their numbers of samples."""
    size = samples[0].gt_sem_seg.data.shape[-2:]
    logits = interpolate(logits.double(), size, mode="bilinear", align_corners=align_corners)
    names = [sample.metainfo.get("space") for sample in samples]
    total = 0.0
    for name in sorted(set(names)):
        members = [number for number, found in enumerate(names) if found == name]
        p = softmax(logits[members])
        if name in REDUCTIONS:
            p = summed(p, REDUCTIONS[name].table, classes_of(name))
        labels = np.concatenate([samples[number].gt_sem_seg.data.numpy() for number in members])
        total += len(members) / len(names) * formula(p, labels)
    return total


LOSSES = {
    "cross entropy": ({}, {"loss_ce": cross_entropy, "acc_seg": accuracy}),
    "weight": (
        {"loss_decode": {**LOSS, "loss_weight": 0.4}},
        {"loss_ce": lambda *given: 0.4 * cross_entropy(*given)},
    ),
    "all pixels": (
        {"loss_decode": {"type": "CrossEntropyLoss", "avg_non_ignore": False}},
        {"loss_ce": cross_entropy_over_all_pixels},
    ),
    "by pixel": (
        {"loss_decode": {"type": "CrossEntropyLoss", "reduction": "none"}},
        {"loss_ce": cross_entropy_over_all_pixels},
    ),
    "dice": ({"loss_decode": {"type": "DiceLoss", "use_sigmoid": False}}, {"loss_dice": dice}),
    "tversky": ({"loss_decode": {"type": "TverskyLoss"}}, {"loss_tversky": tversky}),
    "lovasz": (
        {"loss_decode": {"type": "LovaszLoss", "reduction": "none"}},
        {"loss_lovasz": lovasz},
    ),
    "hard pixels": (
        {"sampler": {"type": "OHEMPixelSampler", "thresh": 0.3, "min_kept": 2}},
        {"loss_ce": hard_cross_entropy},
    ),
    "several": (
        {"loss_decode": [LOSS, {"type": "DiceLoss", "use_sigmoid": False}, LOSS]},
        {"loss_ce": lambda *given: 2 * cross_entropy(*given), "loss_dice": dice},
    ),
}


@pytest.mark.filterwarnings("ignore:Default ``avg_non_ignore`` is False")
@pytest.mark.filterwarnings("ignore:``build_pixel_sampler`` would be deprecated")
@pytest.mark.parametrize("spaces", [MIXED, ("total",) * 2, ("partial",) * 2, ("fine", "partial")])
@pytest.mark.parametrize(
    ("loss", "align_corners"), [*((loss, False) for loss in LOSSES), ("cross entropy", True)]
)
def test_the_loss_is_the_one_of_summed_probabilities(build, loss, spaces, align_corners):
    settings, formulas = LOSSES[loss]
    head = build(align_corners=align_corners, **settings)
    supervise_in(head, REDUCTIONS)
    head = head.decode_head
    _, samples = batch(spaces, size=(13, 17))
    logits = 2 * torch.randn(len(spaces), COUNT, 5, 9, generator=torch.manual_seed(2))

    losses = head.loss_by_feat(logits, samples)

    assert losses.keys() == formulas.keys() | {"acc_seg"}
    for name, formula in formulas.items():
        expected = by_formula(formula, logits, samples, align_corners)
        np.testing.assert_allclose(losses[name].double().mean().numpy(), expected, rtol=1e-5)


def test_a_part_without_any_labeled_pixel_adds_nothing(build):
    model = build(loss_decode={"type": "LovaszLoss", "reduction": "none"}).train()
    supervise_in(model, REDUCTIONS)
    images, samples = batch(["fine", "total"])
    samples[1].gt_sem_seg.data.fill_(255)
    loss = model.loss(images, samples)["decode.loss_lovasz"]
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_bfloat16_comes_close_to_double_precision(build):
    model = build()
    supervise_in(model, REDUCTIONS)
    _, samples = batch(MIXED)
    for scale in (1, 10):
        logits = scale * torch.randn(len(MIXED), COUNT, 6, 8, generator=torch.manual_seed(3))
        logits = logits.bfloat16().requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model.decode_head.loss_by_feat(logits, samples)["loss_ce"]
        loss.backward()
        expected = by_formula(cross_entropy, logits.detach(), samples)
        assert abs(loss.item() - expected) <= 0.02 * expected
        assert torch.isfinite(logits.grad).all()


def test_a_mixed_batch_passes_the_model_once_and_trains_all_heads(build):
    model = build({"model.auxiliary_head": [FCN, {**FCN, "in_channels": 4, "in_index": 1}]})
    supervise_in(model.train(), REDUCTIONS)
    heads = [model.decode_head, *model.auxiliary_head]
    outputs = {}
    for head in heads:
        head.conv_seg.register_forward_hook(
            lambda module, _, output: outputs.setdefault(module, []).append(output)
        )
    images, samples = batch(MIXED)

    losses = model.loss(images, samples)

    for head, (place, weight) in zip(
        heads, [("decode", 1), ("aux_0", 0.4), ("aux_1", 0.4)], strict=True
    ):
        (logits,) = outputs[head.conv_seg]
        expected = weight * by_formula(cross_entropy, logits, samples)
        np.testing.assert_allclose(losses[f"{place}.loss_ce"].item(), expected, rtol=1e-5)
    sum(value for name, value in losses.items() if "loss" in name).backward()
    assert all(p.grad is not None for head in heads for p in head.parameters())


def test_a_cascade_learns_in_all_its_stages(build):
    coarse = {**FCN, "in_channels": 4, "in_index": 1, "loss_decode": LOSS}
    ocr = {
        "type": "OCRHead",
        "in_channels": 4,
        "in_index": 1,
        "channels": 4,
        "ocr_channels": 4,
        "num_classes": COUNT,
        "dropout_ratio": 0,
        "norm_cfg": {"type": "BN"},
        "loss_decode": LOSS,
    }
    model = build(
        {
            "model.type": "CascadeEncoderDecoder",
            "model.num_stages": 2,
            "model.decode_head": [coarse, ocr],
            "model.auxiliary_head": FCN,
        }
    ).train()
    supervise_in(model, REDUCTIONS)
    images, samples = batch(MIXED)
    outputs = []
    for head in model.decode_head:
        head.conv_seg.register_forward_hook(lambda *given: outputs.append(given[-1]))

    losses = model.loss(images, samples)

    for stage, logits in ((0, outputs[0]), (1, outputs[-1])):
        expected = by_formula(cross_entropy, logits, samples)
        np.testing.assert_allclose(losses[f"decode_{stage}.loss_ce"].item(), expected, rtol=1e-5)
    assert "aux.loss_ce" in losses


def test_a_copy_computes_its_own_heads_losses(build):
    model = build({"model.auxiliary_head": [FCN]}).train()
    supervise_in(model, REDUCTIONS)
    images, samples = batch(MIXED)
    average = ExponentialMovingAverage(model).module
    expected = model.loss(images, samples)
    assert torch.equal(average.loss(images, samples)["aux_0.loss_ce"], expected["aux_0.loss_ce"])

    average.decode_head.loss_decode.loss_weight = 0
    model.auxiliary_head[0].loss_decode.loss_weight = 0

    copied, own = average.loss(images, samples), model.loss(images, samples)
    assert torch.equal(own["decode.loss_ce"], expected["decode.loss_ce"])
    assert own["aux_0.loss_ce"] == 0
    assert torch.equal(copied["aux_0.loss_ce"], expected["aux_0.loss_ce"])
    assert copied["decode.loss_ce"] == 0


# Heads of mmsegmentation that are accepted; all others are refused by name.

HEADS = yaml.safe_load((Path(__file__).parents[1] / "support/heads.yaml").read_text())
HEADS["LRASPPHead"]["branch_channels"] = (4, 4)  # a list is refused
NEED_COMPILED_MMCV = ("CCHead", "PSAHead")


@pytest.mark.parametrize("name", HEADS)
def test_a_head_of_mmsegmentation_learns_from_summed_probabilities(build, name):
    model = build()
    common = {"num_classes": COUNT, "dropout_ratio": 0, "loss_decode": LOSS}
    head = MODELS.build({"type": name, **common, **HEADS[name]}).train()
    plain = deepcopy(head)
    model.decode_head = head
    supervise_in(model, REDUCTIONS)
    _, samples = batch(MIXED, size=(16, 16))
    side = 56 if name == "LRASPPHead" else 8  # it pools over 49 × 49
    features = [torch.randn(len(MIXED), 8, side, side) for _ in range(4)]
    if name == "DPTHead":
        features = [[feature, None] for feature in features]
    inputs = (features, torch.randn(len(MIXED), COUNT, 8, 8)) if name == "OCRHead" else (features,)

    torch.manual_seed(1)
    losses = head.loss(*inputs, samples, None)

    torch.manual_seed(1)
    expected = by_formula(cross_entropy, plain(*inputs), samples)
    np.testing.assert_allclose(losses["loss_ce"].item(), expected, rtol=1e-5)
    losses["loss_ce"].backward()


@pytest.mark.parametrize("name", sorted(set(decode_heads.__all__)))
def test_each_head_of_mmsegmentation_is_accepted_or_refused_by_name(build, name):
    kind = getattr(decode_heads, name)
    head = kind.__new__(kind)
    if issubclass(kind, BaseDecodeHead):
        BaseDecodeHead.__init__(head, 4, 4, num_classes=COUNT, loss_decode=LOSS)
    else:
        nn.Module.__init__(head)
    model = build({"model.auxiliary_head": [FCN]})
    model.auxiliary_head.append(head)
    if name in HEADS or name in NEED_COMPILED_MMCV:
        check_heads(model)
    else:
        place = rf"^model\.auxiliary_head\[1\] \({name}\): cannot learn from labels in coarser"
        with pytest.raises(ValueError, match=place):
            check_heads(model)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ({"loss_decode": {**LOSS, "class_weight": [1.0] * COUNT}}, "class_weight weighs"),
        ({"loss_decode": [LOSS, {**LOSS, "class_weight": [1.0] * COUNT}]}, "class_weight weighs"),
        ({"loss_decode": {**LOSS, "use_sigmoid": True}}, "its loss_ce .* set use_sigmoid=False"),
        ({"loss_decode": [LOSS, {"type": "DiceLoss"}]}, "its loss_dice .* set use_sigmoid=False"),
        (
            {"loss_decode": {"type": "DiceLoss", "use_sigmoid": False, "ignore_index": 0}},
            "its loss_dice changes with the numbering",
        ),
        (
            {"loss_decode": {"type": "LovaszLoss", "reduction": "none", "classes": [0, 2]}},
            "its loss_lovasz changes with the numbering",
        ),
        (
            {"loss_decode": {"type": "HuasdorffDisstanceLoss"}},
            "its loss_huasdorff_disstance changes with the numbering",
        ),
        ({"loss_decode": {"type": "OhemCrossEntropy"}}, "its loss fails on a sample: TypeError"),
        # On a GPU it works, with a sigmoid.
        ({"loss_decode": {"type": "FocalLoss"}}, "its loss fails on a sample: RuntimeError"),
        ({"ignore_index": None}, "its loss fails on a sample"),
        (
            {"num_classes": 2, "out_channels": 1, "threshold": 0.5},
            "its out_channels are 1 for 2 classes, .* set out_channels",
        ),
        ({"type": "STDCHead"}, "it has a loss_by_feat of its own"),
    ],
)
@pytest.mark.parametrize("place", ["model.decode_head", "model.auxiliary_head"])
def test_what_has_no_softmax_of_equal_classes_is_refused(build, place, head, reason):
    with pytest.raises(
        ValueError, match=rf"^{place} \((FCN|STDC)Head\): cannot learn .*: {reason}"
    ):
        supervise_in(build({place: {**FCN, **head}}), REDUCTIONS)


def test_a_model_without_common_heads_is_refused():
    with pytest.raises(
        ValueError, match=r"^model \(Linear\): cannot learn .* as EncoderDecoder does"
    ):
        check_heads(nn.Linear(1, 1))


@pytest.mark.parametrize(
    ("reduction", "reason"),
    [
        (
            class_mapping(0, 0, 2, 255, 2, classes=4),
            "'made-up': no class of '5 classes' becomes '4-1', '4-3' of '4 classes'",
        ),
        (class_mapping(0, 1, 1), "starts at the 3 classes of '3 classes', but the head has 5"),
        (
            ClassMapping("made-up", space(COUNT), space(1, ignore=254), (0,) * COUNT),
            "the head ignores 255, but label space '1 classes' marks ignored pixels by 254",
        ),
    ],
)
def test_a_map_that_does_not_fit_is_refused(build, reduction, reason):
    model = build()
    with pytest.raises(ValueError, match=reason):
        supervise_in(model, {"total": TOTAL, "other": reduction})
    assert "loss_by_feat" not in vars(model.decode_head)


@pytest.mark.parametrize("place", ["decode_head", "auxiliary_head"])
def test_a_map_must_fit_every_head(build, place):
    model = build(
        {
            f"model.{name}": {**FCN, "num_classes": COUNT + (name == place)}
            for name in ("decode_head", "auxiliary_head")
        }
    )
    with pytest.raises(ValueError, match=rf"^model\.{place}\.num_classes: .* the head has 6"):
        supervise_in(model, REDUCTIONS)
    assert not any("loss_by_feat" in vars(module) for module in model.modules())
