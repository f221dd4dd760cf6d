"""Pictures of volumes: what is red, where the patient's right is, which slice, which score."""

import itertools
import re

import nibabel
import numpy as np
import pytest
from nibabel.affines import apply_affine
from PIL import Image

from ssl_seg.core.space import LabelSpace
from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.media.volumes.drawing import LabeledVolume, grey_range, write_case_pictures
from ssl_seg.media.volumes.grid import Grid
from ssl_seg.media.volumes.masks import read_label_values
from ssl_seg.media.volumes.voxels import read_voxels
from ssl_seg.metrics.dice_metric import DiceMetric
from ssl_seg.metrics.metric import Sample

ORGAN = LabelSpace("organ", ("background", "organ"), ((0, 0, 0), (200, 0, 0)))
PARTS = LabelSpace("parts", ("background", "head", "tail"), ((9, 9, 9), (250, 10, 90), (0, 40, 80)))

ORIENTATIONS = [
    list(zip(axes, flips, strict=True))
    for axes in itertools.permutations(range(3))
    for flips in itertools.product((1, -1), repeat=3)
]


def labeled(voxels, prediction, truth=None, *, affine=None, space=ORGAN):
    rows = np.eye(4) if affine is None else affine
    grid = Grid(voxels.shape, tuple(tuple(float(value) for value in row) for row in rows))
    return LabeledVolume(voxels, grid, prediction, truth, space)


def draw(folder, drawn, **options):
    """Return pixels and title of each view's picture."""
    paths = write_case_pictures(folder, "some/case", drawn, **{"grey": (0, 100), **options})
    pictures = {}
    for path in paths:
        with Image.open(path) as opened:
            assert (opened.format, opened.mode) == ("PNG", "RGB")
            view = path.stem.removeprefix("case-")
            pictures[view] = (np.array(opened).astype(int), opened.text["Title"])
    return pictures


def at(pixels, row, column, *, of):
    """Return the colour in the middle of a voxel, counted from the upper left of rows, columns."""
    height, width = pixels.shape[:2]
    return tuple(pixels[int((row + 0.5) * height / of[0]), int((column + 0.5) * width / of[1])])


def box(shape, low, high, number=1):
    """Return labels that are a number from one corner up to another."""
    labels = np.zeros(shape, np.uint8)
    labels[tuple(slice(*ends) for ends in zip(low, high, strict=True))] = number
    return labels


def test_truth_is_red_prediction_green_and_both_yellow_blended_with_the_grey(tmp_path):
    shape = (4, 4, 4)
    truth = box(shape, (0, 0, 2), (2, 2, 3))
    prediction = box(shape, (1, 0, 2), (3, 2, 3))
    drawn = labeled(np.full(shape, 40, np.int16), prediction, truth)
    pixels, title = draw(tmp_path, drawn)["axial"]
    # x counts from the right edge: the patient's right, where it is 3, is on the left.
    found = [at(pixels, 3, column, of=(4, 4)) for column in range(4)]
    # Grey is 40 % of 255, that is 102; half of it is 51, and half of a full colour 127.5.
    expected = [(102, 102, 102), (51, 178.5, 51), (178.5, 178.5, 51), (178.5, 51, 51)]
    np.testing.assert_allclose(found, expected, atol=0.5)
    assert at(pixels, 1, 3, of=(4, 4)) == (102, 102, 102)
    assert title == "some/case, axial slice 2, DSC 50.0 %"


def test_classes_have_their_own_colours_where_there_is_no_truth(tmp_path):
    shape = (3, 2, 2)
    labels = box(shape, (0, 0, 0), (1, 1, 2)) + box(shape, (1, 0, 0), (2, 1, 2), 2)
    labels[2, 1] = PARTS.ignore
    drawn = labeled(np.zeros(shape), labels, space=PARTS)
    for opacity, share in ((0.0, 0), (0.5, 0.5), (1.0, 1)):
        pixels, title = draw(tmp_path, drawn, opacity=opacity)["axial"]
        found = [at(pixels, 1, column, of=(2, 3)) for column in (2, 1, 0)]
        expected = share * np.array([PARTS.palette[1], PARTS.palette[2], (0, 0, 0)])
        np.testing.assert_allclose(found, expected, atol=0.5)
        assert at(pixels, 0, 0, of=(2, 3)) == (0, 0, 0)
        assert title == "some/case, axial slice 0"


@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
def test_a_voxel_lies_where_its_world_coordinates_say(tmp_path, orientation):
    spacing = np.array([0.7, 1.3, 2.9])
    body = nibabel.Nifti1Image(np.zeros((5, 4, 3), np.uint8), np.diag([*spacing, 1]))
    body.affine[:3, 3] = -31, 12, 5
    # The same body in another order of its voxels.
    file = body.as_reoriented(np.array(orientation))
    marked = tuple(np.random.default_rng(7).integers(file.shape))
    labels = np.zeros(file.shape, np.uint8)
    labels[marked] = 1
    pictures = draw(tmp_path, labeled(labels, labels, affine=file.affine), opacity=1.0)

    world = apply_affine(file.affine, marked)
    farthest = apply_affine(body.affine, (4, 3, 2))
    right, front, top = np.rint((farthest - world) / spacing).astype(int)
    places = {
        "axial": ((front, right), (4, 5)),
        "coronal": ((top, right), (3, 5)),
        "sagittal": ((top, front), (3, 4)),
    }
    assert pictures.keys() == set(BODY_VIEWS)
    for view, (place, size) in places.items():
        pixels, _ = pictures[view]
        assert at(pixels, *place, of=size) == ORGAN.palette[1]
        share = (pixels == ORGAN.palette[1]).all(axis=-1).mean()
        assert share == pytest.approx(1 / np.prod(size), rel=0.05)


def test_the_image_lies_under_its_labels(tmp_path):
    # Grey counts along each axis, so a flip of the image alone would show.
    shape = (5, 4, 3)
    x, y, z = np.indices(shape)
    voxels = 20 * x + 5 * y + z
    labels = box(shape, (1, 2, 0), (2, 3, 1))
    for view, corners in {
        "axial": [(4, 3, 0), (0, 3, 0), (4, 0, 0), (0, 0, 0)],
        "coronal": [(4, 2, 2), (0, 2, 2), (4, 2, 0), (0, 2, 0)],
        "sagittal": [(1, 3, 2), (1, 0, 2), (1, 3, 0), (1, 0, 0)],
    }.items():
        pixels, _ = draw(tmp_path, labeled(voxels, labels), opacity=0.0)[view]
        found = [pixels[row, column, 0] for row in (0, -1) for column in (0, -1)]
        np.testing.assert_allclose(found, [2.55 * voxels[corner] for corner in corners], atol=0.5)


@pytest.mark.parametrize(
    ("shape", "spacing", "sizes"),
    [
        ((8, 8, 8), (1, 1, 1), {"axial": (512, 512), "coronal": (512, 512)}),
        ((20, 10, 10), (1, 1, 4), {"axial": (256, 512), "coronal": (512, 256)}),
        ((30, 15, 10), (0.5, 1, 3), {"sagittal": (512, 256), "coronal": (512, 256)}),
        ((2000, 1000, 1), (0.5, 0.5, 1), {"axial": (256, 512), "sagittal": (1, 512)}),
    ],
)
def test_pictures_have_the_proportions_of_the_body(tmp_path, shape, spacing, sizes):
    labels = np.zeros(shape, np.uint8)
    pictures = draw(tmp_path, labeled(labels, labels, affine=np.diag([*spacing, 1])))
    assert {view: pictures[view][0].shape[:2] for view in sizes} == sizes


def test_the_slice_shows_the_largest_area_of_the_truth_then_of_the_prediction(tmp_path):
    shape = (6, 6, 6)
    none = np.zeros(shape, np.uint8)
    organ = box(shape, (1, 1, 4), (3, 3, 5)) | box(shape, (1, 2, 1), (2, 3, 2))
    other = box(shape, (4, 4, 0), (6, 6, 6))

    def slices(prediction, truth):
        titles = [title for _, title in draw(tmp_path, labeled(none, prediction, truth)).values()]
        return [int(re.search(r"slice (\d+)", title)[1]) for title in titles]

    assert BODY_VIEWS == ("coronal", "sagittal", "axial")
    assert slices(other, organ) == [2, 1, 4]
    assert slices(other, none) == slices(other, None) == [4, 4, 0]
    assert slices(none, none) == slices(none, None) == [3, 3, 3]
    assert slices(none, np.where(organ, 255, 0).astype(np.uint8)) == [3, 3, 3]


@pytest.mark.parametrize("seed", range(5))
def test_the_corner_says_the_metric_s_dice_of_all_foreground(tmp_path, seed):
    rng = np.random.default_rng(seed)
    truth = rng.choice(np.array([0, 1, 2, 255], np.uint8), (9, 8, 7))
    prediction = rng.integers(3, size=truth.shape, dtype=np.uint8)
    metric = DiceMetric(ORGAN)
    metric.add(
        Sample(
            case="union",
            prediction=np.minimum(prediction, 1),
            truth=np.where(truth == 2, 1, truth).astype(np.uint8),
        )
    )
    dice = metric.scores()["metrics"]["case mDSC"]
    for _, title in draw(tmp_path, labeled(truth, prediction, truth, space=PARTS)).values():
        assert title.endswith(f", DSC {dice:.1f} %")


def test_the_score_is_drawn_and_nothing_is_where_nothing_is_known(tmp_path):
    black = np.zeros((8, 8, 8), np.uint8)

    def white(truth):
        pixels, title = draw(tmp_path, labeled(black, black, truth))["axial"]
        rows, columns = np.nonzero((pixels == 255).all(axis=-1))
        return rows, columns, title

    rows, columns, title = white(black)
    assert title.endswith(", DSC undefined: both empty")
    assert rows.size > 100
    assert rows.max() < 40
    assert columns.max() < 400
    assert white(None)[0].size == 0


def test_voxels_whose_truth_is_ignored_keep_their_grey(tmp_path):
    shape = (2, 2, 2)
    truth = box(shape, (0, 0, 0), (1, 1, 1)) + box(shape, (1, 0, 0), (2, 1, 1), 255)
    pixels, title = draw(tmp_path, labeled(np.zeros(shape), np.ones(shape, np.uint8), truth))[
        "axial"
    ]
    assert at(pixels, 1, 0, of=(2, 2)) == (0, 0, 0)
    assert at(pixels, 1, 1, of=(2, 2)) == (128, 128, 0)
    assert "DSC 25.0 %" in title  # 1 found, 1 true, 7 predicted among those that are scored


def test_the_grey_is_what_the_network_sees():
    voxels = np.arange(1001).reshape(7, 11, 13)

    def of(**rule):
        return grey_range([{"type": "Other"}, {"type": "LoadSlices", **rule}], voxels)

    assert of(window=(-100, 240)) == (-100, 240)
    assert of(percentiles=(10, 90)) == (100, 900)
    assert of(zscore=True) == grey_range([], voxels) == (5, 995)
    # Almost all voxels are one value: the window would be empty.
    sparse = np.zeros((10, 10, 10))
    sparse[0, 0, 0] = 8
    assert grey_range([], sparse) == (0, 8)


def test_some_views_only_and_the_same_bytes_again(tmp_path):
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=(6, 5, 4), dtype=np.uint8)
    drawn = labeled(rng.normal(size=labels.shape), labels, labels[::-1])
    first, second = (
        write_case_pictures(tmp_path / name, "a/b", drawn, grey=(-1, 1), views=("sagittal",))
        for name in ("first", "second")
    )
    assert first == [tmp_path / "first" / "a" / "b-sagittal.png"]
    assert list((tmp_path / "first").rglob("*.png")) == first
    assert first[0].read_bytes() == second[0].read_bytes()


def test_labels_of_another_shape_are_refused():
    voxels, labels = np.zeros((4, 4, 4)), np.zeros((4, 4, 5), np.uint8)
    with pytest.raises(ValueError, match=r"the prediction has shape \(4, 4, 5\), the image \(4, 4"):
        labeled(voxels, labels)
    with pytest.raises(ValueError, match="the truth has shape"):
        labeled(voxels, labels[..., :4], labels)


def test_a_real_body_lies_as_radiologists_see_it(tmp_path, real_data):
    voxels, grid = read_voxels(real_data / "ct_sample" / "example_ct_sm.nii.gz")
    parts = read_label_values(real_data / "ct_sample" / "example_seg.nii.gz")
    places = {}
    for name, number in {"spleen": 1, "liver": 5}.items():
        organ = np.where(parts == number, 1, 0).astype(np.uint8)
        drawn = LabeledVolume(voxels, grid, organ, None, ORGAN)
        for view, (pixels, _) in draw(tmp_path, drawn, opacity=1.0).items():
            where = np.nonzero((pixels == ORGAN.palette[1]).all(axis=-1))
            places[name, view] = np.mean(where, axis=1) / pixels.shape[:2]
    for view in ("axial", "coronal"):
        assert places["liver", view][1] < 0.5 < places["spleen", view][1]
    assert places["liver", "axial"][0] < places["spleen", "axial"][0]
    assert places["liver", "sagittal"][1] < places["spleen", "sagittal"][1]
