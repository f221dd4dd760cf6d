"""What views find lies where the file's voxels are, and is what their networks say."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from ssl_seg.core.case import Case, DataFile
from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.registry import PREDICTORS
from ssl_seg.runner import models
from ssl_seg.runner.volume_predictors import Views
from ssl_seg.runner.volume_predictors.windows import Windows, built_pipeline

LOW, HIGH = -100, 240
LOAD = {"type": "LoadSlices", "window": (LOW, HIGH)}
PACK = {"type": "PackSegInputs"}
PIPELINE = (LOAD, PACK)
AXES = {"sagittal": 0, "coronal": 1, "axial": 2}  # of (x, y, z)

ORIENTATIONS = [
    ((0, 1, 2), (1, 1, 1), 0.0),
    ((0, 1, 2), (-1, -1, 1), 0.0),
    ((1, 0, 2), (-1, 1, -1), 0.0),
    ((2, 0, 1), (1, -1, 1), 0.0),
    ((1, 2, 0), (-1, -1, -1), 0.0),
    ((2, 1, 0), (1, 1, -1), 0.3),
]


def windowed(values):
    return (np.clip(values.astype(np.float64), LOW, HIGH) - LOW) / (HIGH - LOW)


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def predicted(predictor, case):
    (prediction,) = predictor.predict([predictor.read(case)])
    return prediction


def neighbour(values, view, step):
    """Return each voxel's neighbour along a view's axis, the last one repeated; (x, y, z)."""
    axis = AXES[view]
    at = np.clip(np.arange(values.shape[axis]) + step, 0, values.shape[axis] - 1)
    return values.take(at, axis=axis)


@pytest.mark.parametrize(("order", "signs", "angle"), ORIENTATIONS)
def test_labels_lie_on_the_voxels_of_the_file(volumes, case, cache, pointwise, order, signs, angle):
    native = volumes.natively(volumes.voxels(), order, signs)
    one = case(native, volumes.affine(order, signs, angle=angle))
    network = pointwise([40.0], [0.5])
    prediction = predicted(Views(dict.fromkeys(BODY_VIEWS, network), PIPELINE, cache()), one)
    assert prediction.labels.shape == prediction.confidence.shape == native.shape
    assert (prediction.labels.dtype, prediction.confidence.dtype) == (np.uint8, np.float32)
    assert np.array_equal(prediction.labels, native >= (LOW + HIGH) / 2)
    foreground = sigmoid(40 * (windowed(native) - 0.5))
    assert np.allclose(prediction.confidence, np.maximum(foreground, 1 - foreground), atol=1e-5)


@pytest.mark.parametrize(("order", "signs", "angle"), ORIENTATIONS)
def test_each_view_looks_along_its_own_axis_and_the_mean_counts(
    volumes, case, cache, pointwise, order, signs, angle
):
    canonical = volumes.voxels()
    one = case(volumes.natively(canonical, order, signs), volumes.affine(order, signs, angle=angle))
    slopes = {"coronal": 3.0, "sagittal": -5.0, "axial": 8.0}
    places = {"coronal": 0, "sagittal": 2, "axial": 2}
    networks = {view: pointwise([slopes[view]], [0.4], place=places[view]) for view in BODY_VIEWS}
    mean = np.mean(
        [
            sigmoid(slopes[view] * (neighbour(windowed(canonical), view, places[view] - 1) - 0.4))
            for view in BODY_VIEWS
        ],
        axis=0,
    )
    expected = volumes.natively(mean, order, signs)
    prediction = predicted(Views(networks, PIPELINE, cache()), one)
    assert 0.1 < prediction.labels.mean() < 0.9
    assert np.array_equal(prediction.labels, expected >= 0.5)
    assert np.allclose(prediction.confidence, np.maximum(expected, 1 - expected), atol=1e-5)


@pytest.mark.parametrize("beside", [(), ("axial",)])
@pytest.mark.parametrize(("order", "signs", "angle"), ORIENTATIONS)
def test_acquired_slices_are_followed_in_the_order_of_the_file(
    volumes, case, cache, pointwise, order, signs, angle, beside
):
    canonical = volumes.voxels()
    native = volumes.natively(canonical, order, signs)
    spacing = [0.8, 1.1, 2.0]
    spacing[order[1]] = 6.0  # the file's second axis
    one = case(native, volumes.affine(order, signs, spacing=spacing, angle=angle))
    # The last channel is the next slice: forwards and backwards differ.
    networks = {view: pointwise([8.0], [0.4003], place=2) for view in ("acquired", *beside)}
    at = np.clip(np.arange(native.shape[1]) + 1, 0, native.shape[1] - 1)
    found = [windowed(native.take(at, axis=1))]
    found += [
        volumes.natively(neighbour(windowed(canonical), view, 1), order, signs) for view in beside
    ]
    expected = np.mean([sigmoid(8 * (values - 0.4003)) for values in found], axis=0)
    prediction = predicted(Views(networks, PIPELINE, cache()), one)
    assert np.array_equal(prediction.labels, expected >= 0.5)
    assert np.allclose(prediction.confidence, np.maximum(expected, 1 - expected), atol=1e-5)


@pytest.mark.parametrize("view", BODY_VIEWS)
@pytest.mark.parametrize("fusion", ["soft", "hard"])
def test_one_view_alone_is_enough(volumes, case, cache, pointwise, view, fusion):
    values = volumes.voxels()
    views = Views({view: pointwise([9.0], [0.3])}, PIPELINE, cache(), fusion=fusion)
    prediction = predicted(views, case(values))
    assert np.array_equal(prediction.labels, windowed(values) >= 0.3)
    assert (prediction.confidence == 1).all() == (fusion == "hard")


@pytest.mark.parametrize("spacing", [2.0, 1.0, 0.5])
@pytest.mark.parametrize(("order", "signs", "angle"), ORIENTATIONS)
def test_a_finer_working_grid_is_undone(
    volumes, case, cache, pointwise, order, signs, angle, spacing
):
    # The distance of axial slices is 2 mm: each of them is one of the working grid's, too.
    native = volumes.natively(volumes.voxels(), order, signs)
    one = case(native, volumes.affine(order, signs, angle=angle))
    views = Views(dict.fromkeys(BODY_VIEWS, pointwise([40.0], [0.5])), PIPELINE, cache(spacing))
    prediction = predicted(views, one)
    assert prediction.labels.shape == native.shape
    assert np.array_equal(prediction.labels, native >= (LOW + HIGH) / 2)


@pytest.mark.parametrize("spacing", [2.7, 3.9, 5.0])
@pytest.mark.parametrize("fusion", ["soft", "hard"])
def test_a_coarser_working_grid_is_undone(volumes, case, cache, pointwise, spacing, fusion):
    # What does not change from slice to slice is the same on any grid.
    order, signs = (2, 0, 1), (-1, 1, -1)
    canonical = volumes.voxels((9, 11, 1)).repeat(13, axis=2)
    native = volumes.natively(canonical, order, signs)
    models_of = dict.fromkeys(BODY_VIEWS, pointwise([40.0], [0.5]))
    views = Views(models_of, PIPELINE, cache(spacing), fusion=fusion)
    one = case(native, volumes.affine(order, signs))
    assert views.fused(views.read(one)).probabilities.shape[1] < 13
    prediction = predicted(views, one)
    assert np.array_equal(prediction.labels, native >= (LOW + HIGH) / 2)


def test_probabilities_are_resampled_rather_than_labels(volumes, case, cache, pointwise):
    # Slices at 2 mm become slices at 4 mm: every second one is the mean of its neighbours.
    values = volumes.voxels()
    views = Views({"axial": pointwise([6.0], [0.5])}, PIPELINE, cache(4.0))
    prediction = predicted(views, case(values))
    at = sigmoid(6 * (windowed(values[..., ::2]) - 0.5))
    between = (at[..., :-1] + at[..., 1:]) / 2
    assert np.array_equal(prediction.labels[..., ::2], at >= 0.5)
    clear = np.abs(between - 0.5) > 1e-6
    assert np.array_equal(prediction.labels[..., 1::2][clear], (between >= 0.5)[clear])
    expected = np.maximum(between, 1 - between)
    assert np.allclose(prediction.confidence[..., 1::2], expected, atol=1e-5)


def test_many_classes_are_told_apart(volumes, case, cache, pointwise):
    values = volumes.voxels()
    slopes, thresholds = [4.0, 20.0, 9.0], [0.31, 0.71, 0.41]
    logits = [slope * (windowed(values) - t) for slope, t in zip(slopes, thresholds, strict=True)]
    logits = np.stack([np.zeros(values.shape), *logits])
    shares = np.exp(logits) / np.exp(logits).sum(axis=0)
    views = Views(dict.fromkeys(BODY_VIEWS, pointwise(slopes, thresholds)), PIPELINE, cache())
    prediction = predicted(views, case(values))
    assert set(np.unique(prediction.labels)) == {0, 1, 2, 3}
    assert np.array_equal(prediction.labels, logits.argmax(axis=0))
    assert np.allclose(prediction.confidence, shares.max(axis=0), atol=1e-5)
    assert np.allclose(prediction.probabilities(), shares, atol=1e-5)


def test_a_sigmoid_counts_from_its_threshold_on(volumes, case, cache, pointwise):
    values = volumes.voxels()
    network = pointwise([9.0], [0.5], sigmoid=0.3)
    prediction = predicted(Views({"coronal": network}, PIPELINE, cache()), case(values))
    assert np.array_equal(prediction.labels, sigmoid(9 * (windowed(values) - 0.5)) > 0.3)


def test_hard_fusion_outvotes_a_view_that_is_sure(volumes, case, cache, pointwise):
    values = volumes.voxels()
    networks = {
        "coronal": pointwise([2.0], [-5.0]),
        "sagittal": pointwise([1.0], [0.5]),
        "axial": pointwise([1.0], [0.5]),
    }
    soft = predicted(Views(networks, PIPELINE, cache()), case(values))
    hard = predicted(Views(networks, PIPELINE, cache(), fusion="hard"), case(values))
    assert soft.labels.all()
    assert np.array_equal(hard.labels, windowed(values) >= 0.5)
    expected = np.where(windowed(values) >= 0.5, 1, 2 / 3)
    assert np.allclose(hard.confidence, expected)


def test_padding_is_undone(volumes, case, cache, pointwise):
    values = volumes.voxels()
    network = pointwise([9.0], [0.4], test_cfg={"size_divisor": 16})
    prediction = predicted(
        Views(dict.fromkeys(BODY_VIEWS, network), PIPELINE, cache()), case(values)
    )
    assert np.array_equal(prediction.labels, windowed(values) >= 0.4)


@pytest.fixture
def unet(tiny, tmp_path):
    """A network that sees a slice's neighbourhood, with lively weights."""
    changes = {
        "model.data_preprocessor": {
            "type": "SegDataPreProcessor",
            "test_cfg": {"size_divisor": 8},
        }
    }
    torch.manual_seed(0)
    made = models.build(tiny.settings(tmp_path, changes)["model"]).eval()
    for name, value in made.named_parameters():
        torch.nn.init.normal_(value, 1 if name.endswith("bn.weight") else 0, 0.4)
    return made


@pytest.mark.parametrize("resize", [None, (16, 24)])
def test_slices_are_predicted_as_mmsegmentation_does(volumes, case, cache, unet, resize):
    steps = () if resize is None else ({"type": "Resize", "scale": resize, "keep_ratio": False},)
    pipeline = (LOAD, *steps, PACK)
    one, store = case(volumes.voxels((17, 13, 6))), cache()
    prediction = predicted(Views({"axial": unet}, pipeline, store), one)
    windows = Windows(built_pipeline(pipeline), store.image(one.image, ["axial"]), "axial")
    with torch.inference_mode():
        theirs = [unet.test_step(pseudo_collate([windows[number]]))[0] for number in range(6)]
    labels = np.stack([of.pred_sem_seg.data[0].numpy() for of in theirs])
    chances = np.stack([of.seg_logits.data.softmax(0).max(0).values.numpy() for of in theirs])
    assert len(np.unique(labels)) > 1
    assert np.array_equal(prediction.labels, labels.transpose(2, 1, 0))
    assert np.allclose(prediction.confidence, chances.transpose(2, 1, 0), atol=1e-5)


def test_slices_seen_more_than_once_get_the_mean_probabilities(volumes, case, cache, unet):
    one, store = case(volumes.voxels((17, 13, 6))), cache()
    looks = Views({"axial": unet}, PIPELINE, store, flip=True, scales=(0.5, 1.0))
    windows = Windows(built_pipeline(PIPELINE), store.image(one.image, ["axial"]), "axial")
    total = np.zeros((6, 13, 17), np.float64)
    for number in range(6):
        batch = unet.data_preprocessor(pseudo_collate([windows[number]]), False)
        total[number] = mean_of_looks(unet, batch["inputs"])[:13, :17]
    found = looks.fused(looks.read(one)).probabilities[0]
    assert np.allclose(found, total, atol=1e-5)


def mean_of_looks(unet, inputs):
    """Return the foreground's mean probability over two sizes, each also mirrored, (H, W)."""
    found = []
    for scale in (0.5, 1.0):
        look = torch.nn.functional.interpolate(inputs, scale_factor=scale, mode="bilinear")
        meta = {"ori_shape": look.shape[-2:], "img_shape": look.shape[-2:]}
        with torch.inference_mode():
            mirrored = unet.inference(look.flip(-1), [meta]).flip(-1)
            for logits in (unet.inference(look, [meta]), mirrored):
                size = inputs.shape[-2:]
                planes = torch.nn.functional.interpolate(logits, size, mode="bilinear")
                found.append(planes.softmax(1)[0, 1].numpy())
    return np.mean(found, axis=0)


@pytest.mark.parametrize("arguments", [{"flip": True}, {"scales": (0.5, 1.0)}])
def test_rstn_sees_slices_as_they_are(cache, rstn, arguments):
    with pytest.raises(ValueError, match="neither mirrored nor scaled"):
        Views({"axial": rstn(0)}, PIPELINE, cache(), **arguments)


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_the_batch_size_does_not_matter(volumes, case, cache, unet, rstn, batch_size):
    one = case(volumes.voxels((17, 13, 10)))
    for network in (unet, rstn(1)):
        networks = dict.fromkeys(BODY_VIEWS, network)
        usual = Views(networks, PIPELINE, cache())
        other = Views(networks, PIPELINE, cache(), batch_size=batch_size)
        file = usual.read(one)
        found, expected = (views.fused(file).probabilities for views in (other, usual))
        assert np.allclose(found, expected, atol=1e-5)
        assert expected.std() > 0.02


@pytest.mark.parametrize("classes", [1, 2])
@pytest.mark.parametrize("depth", [1, 2, 6])
def test_the_coarse_network_of_rstn_says_what_all_slices_are(
    volumes, case, cache, rstn, depth, classes
):
    values = volumes.voxels((12, 10, depth))
    network = rstn(2, classes=classes)
    found = Views({"axial": network}, PIPELINE, cache())
    slices = torch.from_numpy(windowed(values).astype(np.float32).transpose(2, 1, 0))
    sums, counts = np.zeros((classes, depth, 10, 12)), np.zeros(depth)
    for middle in range(depth):
        triple = [max(middle - 1, 0), middle, min(middle + 1, depth - 1)]
        with torch.inference_mode():
            output = torch.sigmoid(network.network.coarse(slices[triple][None]))[0].numpy()
        for place, number in enumerate((middle - 1, middle, middle + 1)):
            if 0 <= number < depth:
                counts[number] += 1
                sums[:, number] += output[place::3]
    mean = sums / counts[:, None, None]
    assert np.allclose(found.fused(found.read(case(values))).probabilities, mean, atol=1e-5)
    labels = np.where(mean.max(axis=0) >= 0.5, mean.argmax(axis=0) + 1, 0)
    prediction = predicted(found, case(values))
    assert depth == 1 or len(np.unique(labels)) == classes + 1
    assert np.array_equal(prediction.labels, labels.transpose(2, 1, 0))


def test_labels_lie_on_the_voxels_of_a_real_scan(cache, pointwise):
    if "SSL_SEG_DATA" not in os.environ:
        pytest.skip("SSL_SEG_DATA does not name the folder of real data")
    path = Path(os.environ["SSL_SEG_DATA"], "ct_sample/example_ct_sm.nii.gz")
    digest = sha256(path.read_bytes()).hexdigest()
    views = Views(dict.fromkeys(BODY_VIEWS, pointwise([40.0], [0.5003])), PIPELINE, cache(1.5))
    prediction = predicted(views, Case("ct", DataFile(str(path), digest), None, "g", "volumes"))
    values = np.asarray(nibabel.load(path).dataobj)
    # 3 mm are two of the working grid's intervals, so each slice of the file is one of its own.
    assert np.array_equal(prediction.labels, windowed(values) >= 0.5003)


def test_volumes_come_back_in_order(volumes, case, cache, pointwise):
    cases = [case(volumes.voxels((5, 4 + n, 3), n), name=f"{n}.nii.gz") for n in range(3)]
    views = Views(dict.fromkeys(BODY_VIEWS, pointwise([9.0], [0.5])), PIPELINE, cache())
    together = views.predict([views.read(one) for one in cases])
    for one, prediction in zip(cases, together, strict=True):
        assert np.array_equal(predicted(views, one).labels, prediction.labels)


def test_networks_of_different_classes_are_refused(cache, pointwise, rstn):
    def views(**networks):
        return PREDICTORS.build({"type": "Views"}, networks, PIPELINE, cache(), where="inference")

    one, two = pointwise([1.0], [0.5]), pointwise([1.0, 2.0], [0.5, 0.5])
    with pytest.raises(ValueError, match=r"the same classes, got axial EncoderDecoder with 1 .*2"):
        views(axial=one, coronal=two)
    with pytest.raises(ValueError, match=r"the same classes, got .* coronal RSTN with 2"):
        views(axial=two, coronal=rstn(0, classes=2))
    views(axial=one, coronal=rstn(0))
    with pytest.raises(ValueError, match="there is none"):
        views()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fusion": "Hard"}, "fusion: there is no 'Hard'; did you mean 'hard'"),
        ({"batch_size": 0}, "batch_size must be at least 1 slice, got 0"),
        ({"batch_size": "4"}, "batch_size must be at least 1 slice, got '4'"),
        ({"mirror": True}, r"inference.mirror: Views has no such argument"),
    ],
)
def test_values_out_of_range_are_refused(cache, pointwise, arguments, message):
    networks = {"axial": pointwise([1.0], [0.5])}
    with pytest.raises(ValueError, match=message):
        PREDICTORS.build(
            {"type": "Views", **arguments}, networks, PIPELINE, cache(), where="inference"
        )


def test_rstn_wants_slices_at_their_own_size(volumes, case, cache, rstn):
    pipeline = (LOAD, {"type": "Resize", "scale": (20, 20), "keep_ratio": False}, PACK)
    views = Views({"axial": rstn(0)}, pipeline, cache())
    with pytest.raises(ValueError, match=r"volume.nii.gz\[axial 0\]: RSTN predicts slices at"):
        views.predict([views.read(case(volumes.voxels()))])
