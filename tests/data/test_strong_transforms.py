"""Strong transforms change values as torchvision, PIL and ST++ do, and move nothing."""

from __future__ import annotations

import colorsys
import random

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from scipy import ndimage

from ssl_seg.data.sample_pipeline import SamplePipeline
from ssl_seg.data.strong_transforms import ColorJitter, RandomCutout, RandomGaussianBlur
from ssl_seg.data.training_set import seed_generators
from ssl_seg.registry import TRANSFORMS

GENERATOR = np.random.default_rng(0)
COLOUR = GENERATOR.integers(40, 200, (24, 32, 3), np.uint8)
GREY = GENERATOR.integers(40, 200, (24, 32), np.uint8)
SLICES = GENERATOR.normal(size=(24, 32, 3)).astype(np.float32)
MASK = GENERATOR.integers(0, 4, (24, 32), np.uint8)
PICTURES = {
    "colour": COLOUR,
    "grey": GREY,
    "grey with an axis": GREY[..., None],
    "one slice": SLICES[..., :1],
    "slices": SLICES,
    "five slices": np.dstack([SLICES, SLICES[..., :2]]),
}


def changed(transform, pixels):
    results = {"img": pixels.copy(), "gt_seg_map": MASK.copy(), "seg_fields": ["gt_seg_map"]}
    return transform.transform(results)


def only(**amounts):
    return ColorJitter(
        **{"brightness": 0, "contrast": 0, "saturation": 0, "hue": 0, **amounts}, prob=1
    )


@pytest.fixture(autouse=True)
def _seeded():
    seed_generators(0)


@pytest.fixture
def drawn(monkeypatch):
    """Return a function that fixes what is drawn within a range, as a share of the range."""

    def fix(share):
        monkeypatch.setattr(random, "uniform", lambda low, high: low + share * (high - low))

    return fix


@pytest.mark.parametrize("share", [0, 0.3, 1])
@pytest.mark.parametrize(
    ("name", "enhance"),
    [
        ("brightness", ImageEnhance.Brightness),
        ("contrast", ImageEnhance.Contrast),
        ("saturation", ImageEnhance.Color),
    ],
)
def test_colours_are_enhanced_as_by_pillow(name, enhance, share, drawn):
    drawn(share)
    picture = changed(only(**{name: 0.5}), COLOUR)["img"]
    theirs = enhance(Image.fromarray(COLOUR[..., ::-1])).enhance(0.5 + share)
    # Pillow rounds greys to whole numbers and cuts fractions off.
    assert np.abs(picture[..., ::-1].astype(int) - np.asarray(theirs)).max() <= 2


@pytest.mark.parametrize("share", [0, 0.7, 1])
def test_the_hue_turns_as_in_colorsys(share, drawn):
    drawn(share)
    picture = changed(only(hue=0.25), COLOUR)["img"]
    for bgr, old in zip(picture.reshape(-1, 3)[:50], COLOUR.reshape(-1, 3)[:50], strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*old[::-1] / 255)
        turned = colorsys.hsv_to_rgb((hue - 0.25 + 0.5 * share) % 1, saturation, value)
        assert np.abs(bgr[::-1] - np.multiply(turned, 255)).max() <= 1


@pytest.mark.parametrize("share", [0, 0.3, 1])
@pytest.mark.parametrize("pixels", [SLICES, GREY / np.float32(255)], ids=["slices", "grey"])
def test_floats_change_in_brightness_and_contrast_alone(pixels, share, drawn):
    drawn(share)
    factor = 0.5 + share
    brighter = changed(only(brightness=0.5, saturation=1, hue=0.5), pixels)["img"]
    assert np.allclose(brighter, factor * pixels, atol=1e-6)
    contrasted = changed(only(contrast=0.5), pixels)["img"]
    mean = pixels.mean(dtype=float)
    assert np.allclose(contrasted, mean + factor * (pixels - mean), atol=1e-5)


def test_the_order_of_the_changes_is_drawn(drawn):
    drawn(1)
    brighter, contrasted = ImageEnhance.Brightness, ImageEnhance.Contrast
    picture, expected = Image.fromarray(COLOUR[..., ::-1]), []
    for first, second in ((brighter, contrasted), (contrasted, brighter)):
        expected.append(np.asarray(second(first(picture).enhance(2)).enhance(2)).astype(int))
    found = set()
    for _ in range(20):
        rgb = changed(only(brightness=1, contrast=1), COLOUR)["img"][..., ::-1]
        found.add(int(np.argmin(errors := [np.abs(rgb - each).max() for each in expected])))
        assert min(errors) <= 5
    assert found == {0, 1}


@pytest.mark.parametrize("sigma", [0.5, 1.7])
def test_slices_are_blurred_one_by_one(sigma):
    blurred = changed(RandomGaussianBlur(prob=1, sigma=(sigma, sigma)), SLICES)["img"]
    for number in range(SLICES.shape[2]):
        expected = ndimage.gaussian_filter(SLICES[..., number], sigma, mode="mirror")
        assert np.abs(blurred[..., number] - expected).max() < 0.01


@pytest.mark.parametrize("pixels", PICTURES.values(), ids=PICTURES)
def test_a_box_becomes_noise_and_is_ignored(pixels):
    shares, ratios = [], []
    for seed in range(60):
        seed_generators(seed)
        results = changed(RandomCutout(prob=1), pixels)
        box = results["gt_seg_map"] == 255
        rows, columns = (np.flatnonzero(box.any(axis=axis)) for axis in (1, 0))
        assert box.sum() == len(rows) * len(columns)
        assert np.array_equal(results["img"][~box], pixels[~box])
        assert (results["img"][box] != pixels[box]).mean() > 0.9
        if pixels.dtype != np.uint8:
            assert pixels.min() <= results["img"].min() <= results["img"].max() <= pixels.max()
        assert np.array_equal(results["gt_seg_map"][~box], MASK[~box])
        shares.append(box.mean())
        ratios.append(len(rows) / len(columns))
    assert 0.015 < min(shares) < 0.08
    assert 0.3 < max(shares) < 0.41
    assert min(ratios) < 0.5
    assert max(ratios) > 2


ALL = [ColorJitter(prob=1), RandomGaussianBlur(prob=1), RandomCutout(prob=1)]


@pytest.mark.parametrize("transform", ALL, ids=lambda transform: type(transform).__name__)
@pytest.mark.parametrize("pixels", PICTURES.values(), ids=PICTURES)
def test_shape_and_type_stay_and_the_seed_says_all(transform, pixels):
    first = changed(transform, pixels)
    assert first["img"].shape == pixels.shape
    assert first["img"].dtype == pixels.dtype
    assert not np.array_equal(first["img"], pixels)
    assert not np.array_equal(changed(transform, pixels)["img"], first["img"])
    seed_generators(0)
    assert np.array_equal(changed(transform, pixels)["img"], first["img"])
    if not isinstance(transform, RandomCutout):
        assert np.array_equal(first["gt_seg_map"], MASK)


@pytest.mark.parametrize("kind", [ColorJitter, RandomGaussianBlur, RandomCutout])
def test_it_is_done_as_often_as_asked(kind):
    done = [not np.array_equal(changed(kind(prob=0.3), COLOUR)["img"], COLOUR) for _ in range(300)]
    assert 0.2 < np.mean(done) < 0.4
    assert np.array_equal(changed(kind(prob=0), COLOUR)["img"], COLOUR)


def test_weak_and_strong_copies_show_the_same_crop():
    read = {"type": "LoadImageFromFile"}
    names = ("ColorJitter", "RandomGaussianBlur", "RandomCutout")
    strong = [{"type": name, "prob": 1.0} for name in names]
    pipeline = SamplePipeline([read, {"type": "PackSegInputs"}], strong)
    pipeline._shared.clear()
    record = {"img": COLOUR.copy(), "gt_seg_map": MASK.copy(), "seg_fields": ["gt_seg_map"]}
    weak, one, other = pipeline(record, ["weak", "strong", "strong"])
    assert np.array_equal(weak["inputs"], COLOUR.transpose(2, 0, 1))
    assert not np.array_equal(one["inputs"], other["inputs"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"type": "ColorJitter", "hue": 0.6}, r"hue: expected a number in \[0, 0.5\], got 0.6"),
        ({"type": "ColorJitter", "prob": "0.5"}, r"prob: expected a number in \[0, 1\]"),
        ({"type": "RandomGaussianBlur", "sigma": (2, 1)}, r"sigma: expected \(least, largest\)"),
        ({"type": "RandomGaussianBlur", "sigma": 2}, r"sigma: expected \(least, largest\)"),
        ({"type": "RandomCutout", "area": (0, 1.2)}, r"area: .* both in \[0, 1\], got \(0, 1.2\)"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        TRANSFORMS.build(settings)
