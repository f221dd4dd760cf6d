"""SurfaceMetric measures each case in its own spacing and says what has no distance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.core.space import LabelSpace
from ssl_seg.metrics import Sample, SurfaceMetric
from ssl_seg.metrics.surface import surface_distances
from ssl_seg.registry import METRICS

SPACE = LabelSpace("organs", ("nothing", "liver", "spleen"), ((0, 0, 0), (90, 0, 0), (0, 90, 0)))
LIVER, SPLEEN, IGNORE = 1, 2, SPACE.ignore
SHAPE = (12, 5, 5)


def cube(start, number=LIVER, into=None):
    """A cube of 3 voxels along each axis, in an empty volume unless another is given."""
    labels = np.zeros(SHAPE, np.uint8) if into is None else into.copy()
    labels[start : start + 3, 1:4, 1:4] = number
    return labels


EMPTY = np.zeros(SHAPE, np.uint8)


def case(prediction, truth, name="a", spacing=(2.0, 1.0, 1.0)):
    return Sample(case=name, prediction=prediction, truth=truth, spacing_mm=spacing)


def scores_of(*cases, **options):
    metric = SurfaceMetric(SPACE, **options)
    for sample in cases:
        metric.add(sample)
    return metric.scores()


def test_by_hand():
    """A cube three slices of 2 mm too far: of 26 voxels 9 are 2 mm away, 8 are 4 and 9 are 6."""
    found = scores_of(case(cube(1), cube(4)), tolerance=4)
    liver = found["classes"]["liver"]
    assert liver["HD95"] == pytest.approx(6)
    assert liver["ASSD"] == pytest.approx(4)
    assert liver["SurfaceDice@4"] == pytest.approx(100 * 17 / 26)
    assert found["distance_unit"] == "mm"
    assert found["by_case"]["a"]["liver"] == {
        name: liver[name] for name in ("HD95", "ASSD", "SurfaceDice@4")
    }


def test_images_are_measured_in_pixels():
    truth = np.zeros((9, 9), np.uint8)
    truth[2, 2] = LIVER
    prediction = np.zeros((9, 9), np.uint8)
    prediction[5, 6] = LIVER
    found = scores_of(Sample(case="a", prediction=prediction, truth=truth), tolerance=5)
    assert found["metrics"]["mHD95"] == found["metrics"]["mASSD"] == pytest.approx(5)
    assert found["metrics"]["mSurfaceDice@5"] == 100
    assert found["distance_unit"] == "pixels"


@given(
    seed=st.integers(0, 2**32 - 1),
    spacing=st.tuples(*[st.floats(0.3, 5)] * 3),
    tolerance=st.floats(0, 6),
)
def test_each_class_has_the_distances_of_its_masks_without_ignored_voxels(seed, spacing, tolerance):
    rng = np.random.default_rng(seed)
    prediction, truth = rng.integers(0, 3, (2, 5, 4, 6), dtype=np.uint8)
    truth[rng.random(truth.shape) < 0.2] = IGNORE
    found = scores_of(case(prediction, truth, spacing=spacing), tolerance=tolerance)
    for number, name in ((LIVER, "liver"), (SPLEEN, "spleen")):
        counted = truth != IGNORE
        distances = surface_distances((prediction == number) & counted, truth == number, spacing)
        assert found["by_case"]["a"][name] == pytest.approx(
            {
                "HD95": distances.hausdorff(95),
                "ASSD": distances.average(),
                f"SurfaceDice@{tolerance:g}": distances.dice(tolerance),
            }
        )


def test_a_mean_is_first_over_cases_then_over_classes():
    near = case(cube(2, SPLEEN, cube(6)), cube(1, SPLEEN, cube(7)), "near")
    far = case(cube(1), cube(7), "far")
    found = scores_of(near, far)
    classes = found["classes"]
    assert found["by_case"]["far"]["spleen"] == dict.fromkeys(found["by_case"]["far"]["spleen"])
    by_hand = [found["by_case"][name]["liver"]["HD95"] for name in ("near", "far")]
    assert classes["liver"]["HD95"] == pytest.approx(sum(by_hand) / 2)
    assert classes["spleen"]["HD95"] == found["by_case"]["near"]["spleen"]["HD95"]
    mean = (classes["liver"]["HD95"] + classes["spleen"]["HD95"]) / 2
    assert found["metrics"]["mHD95"] == pytest.approx(mean)


@pytest.mark.parametrize(
    ("prediction", "truth", "name"),
    [(EMPTY, cube(1), "missed"), (cube(1), EMPTY, "spurious")],
    ids=["missed", "spurious"],
)
def test_one_empty_mask_has_surface_dice_zero_and_no_distance_and_is_counted(
    prediction, truth, name
):
    other = {"missed": "spurious", "spurious": "missed"}[name]
    found = scores_of(case(prediction, truth), case(cube(1), cube(4), "b"))
    assert found["by_case"]["a"]["liver"] == {"HD95": None, "ASSD": None, "SurfaceDice@1": 0}
    liver = found["classes"]["liver"]
    assert liver["HD95"] == pytest.approx(6)
    assert liver["SurfaceDice@1"] == 0
    assert (liver[name], liver[other]) == (1, 0)
    assert (found["metrics"][name], found["metrics"][other]) == (1, 0)


@pytest.mark.parametrize(
    ("prediction", "truth"), [(EMPTY, cube(1)), (cube(1), EMPTY)], ids=["missed", "spurious"]
)
def test_one_empty_mask_alone_leaves_the_distance_undefined(prediction, truth):
    metrics = scores_of(case(prediction, truth))["metrics"]
    assert (metrics["mHD95"], metrics["mASSD"], metrics["mSurfaceDice@1"]) == (None, None, 0)


@pytest.mark.parametrize(
    ("prediction", "truth"), [(EMPTY, cube(1)), (cube(1), EMPTY)], ids=["missed", "spurious"]
)
def test_a_penalty_is_what_one_empty_mask_counts(prediction, truth):
    found = scores_of(case(prediction, truth), case(cube(1), cube(4), "b"), penalty=100)
    assert found["classes"]["liver"]["HD95"] == pytest.approx((100 + 6) / 2)
    assert found["classes"]["liver"]["ASSD"] == pytest.approx((100 + 4) / 2)
    assert found["metrics"]["missed"] + found["metrics"]["spurious"] == 1


def test_two_empty_masks_have_no_score_even_with_a_penalty():
    found = scores_of(case(EMPTY, EMPTY), case(cube(1), cube(1), "b"), penalty=100)
    assert set(found["by_case"]["a"]["liver"].values()) == {None}
    assert found["presence"]["liver"]["neither"] == 1
    metrics = found["metrics"]
    assert (metrics["mHD95"], metrics["mASSD"], metrics["mSurfaceDice@1"]) == (0, 0, 100)
    assert (metrics["missed"], metrics["spurious"]) == (0, 0)


def test_a_prediction_on_ignored_voxels_alone_is_empty():
    truth = cube(1, IGNORE, cube(6))
    found = scores_of(case(cube(1), truth))
    assert found["metrics"]["missed"] == 1
    assert found["metrics"]["mHD95"] is None


def test_the_background_has_no_surface_unless_asked_for():
    sample = case(cube(1), cube(4))
    assert set(scores_of(sample)["classes"]["nothing"].values()) == {None}
    found = scores_of(sample, background=None)
    assert found["by_case"]["a"]["nothing"]["HD95"] > 0


def test_each_case_is_measured_in_its_own_spacing():
    found = scores_of(
        case(cube(1), cube(4), "a"), case(cube(1), cube(4), "b", spacing=(1.0, 1.0, 1.0))
    )
    assert found["by_case"]["a"]["liver"]["HD95"] == pytest.approx(6)
    assert found["by_case"]["b"]["liver"]["HD95"] == pytest.approx(3)


@pytest.mark.parametrize(
    ("first", "second", "units"),
    [(None, (1.0,) * 3, "mm, those before it in pixels"), ((1.0,) * 3, None, "pixels, .* in mm")],
)
def test_millimetres_and_pixels_are_not_averaged(first, second, units):
    metric = SurfaceMetric(SPACE)
    metric.add(case(cube(1), cube(4), spacing=first))
    with pytest.raises(ValueError, match=rf"case 'b' is measured in {units}"):
        metric.add(case(cube(1), cube(4), "b", spacing=second))


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan"), float("inf")])
def test_a_spacing_that_is_not_above_zero_is_refused_with_the_case(step):
    with pytest.raises(ValueError, match=r"case 'a': expected a spacing above 0 mm"):
        scores_of(case(cube(1), cube(4), spacing=(1.0, step, 1.0)))


@pytest.mark.parametrize("option", ["tolerance", "penalty"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "2", True])
def test_what_is_no_length_is_refused(option, value):
    with pytest.raises(ValueError, match=rf"evaluator: {option}: expected a length"):
        METRICS.build({"type": "SurfaceMetric", option: value}, SPACE, where="evaluator")
