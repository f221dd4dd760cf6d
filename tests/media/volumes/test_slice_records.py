"""Volumes become slices with their labels; those with little foreground are left out."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import nibabel
import numpy as np
import pytest

from ssl_seg.core.case import Case, LabelFile
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.stage import Source
from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.data import transforms  # noqa: F401 - registers the transforms
from ssl_seg.data.pseudo_labels import PseudoLabels
from ssl_seg.data.training_set import Samples
from ssl_seg.media.records import MaskedCases
from ssl_seg.media.stored_masks import write_prediction
from ssl_seg.media.volumes.cache import VolumeCache
from ssl_seg.media.volumes.slice_records import SliceRecords, filter_slices
from ssl_seg.media.volumes.working_grid import WorkingGrid
from ssl_seg.models.predictor import Prediction

SPACE = LabelSpace("three", ("back", "organ", "mass"), ((0, 0, 0), (90, 0, 0), (0, 90, 0)))
VALUES = LabelValues(SPACE, ((0, 0), (5, 1), (9, 2), (255, 255)))
"""How true labels are stored."""

SHAPE = (7, 6, 5)  # of the body: x, y, z
STEPS = ({"type": "LoadSlices", "window": (-100, 240)}, {"type": "LoadSliceLabels"})
THRESHOLD = 0.5
AXIS = {"sagittal": 0, "coronal": 1, "axial": 2}

LAYOUTS = {
    "a": ((0, 1, 2), (1, 1, 1)),
    "b": ((2, 0, 1), (-1, 1, -1)),
    "c": ((1, 2, 0), (1, -1, -1)),
    "d": ((0, 2, 1), (-1, -1, 1)),
}
"""Body axis and direction of each axis of a case's file; a and b are labeled truly."""


def body_labels(name):
    """Draw class numbers (x, y, z), in a block that is as small as the case's name is late."""
    rng = np.random.default_rng(ord(name))
    labels = np.zeros(SHAPE, np.uint8)
    size = 5 - "abcd".index(name)
    labels[1 : 1 + size, 1:size, 1:4] = rng.integers(0, 3, SHAPE)[1 : 1 + size, 1:size, 1:4]
    return labels


def natively(body, name):
    order, signs = LAYOUTS[name]
    return body.transpose(order)[tuple(slice(None, None, sign) for sign in signs)]


def affine(name):
    matrix = np.zeros((4, 4))
    for axis, (body, sign) in enumerate(zip(*LAYOUTS[name], strict=True)):
        matrix[body, axis] = sign * (1.0, 1.5, 2.0)[body]
    matrix[3, 3] = 1
    return matrix


def of_view(body, view):
    """Return slices (n, H, W) of body values (x, y, z): rows run along z, of axial ones along y."""
    return np.moveaxis(body, AXIS[view], 0).transpose(0, 2, 1)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two truly labeled cases and two with pseudo labels, and what is true of all of them."""
    root = tmp_path_factory.mktemp("slices")
    cases, truth, image, confidence, entries = {}, {}, {}, {}, []
    histogram = np.zeros((3, 256), np.int64)
    for name in LAYOUTS:
        rng = np.random.default_rng([1, ord(name)])
        image[name] = rng.integers(-500, 500, SHAPE).astype(np.int16)
        truth[name] = body_labels(name)
        path, label = root / f"{name}.nii.gz", None
        nibabel.save(nibabel.Nifti1Image(natively(image[name], name), affine(name)), path)
        if name in "ab":
            truth[name][0, 0, :] = 255
            stored = np.array([0, 5, 9], np.uint8)[truth[name] % 255]
            stored[truth[name] == 255] = 255
            at = root / f"{name}_label.nii.gz"
            nibabel.save(nibabel.Nifti1Image(natively(stored, name), affine(name)), at)
            label = LabelFile(str(at), sha256(at.read_bytes()).hexdigest())
        file = LabelFile(str(path), sha256(path.read_bytes()).hexdigest())
        cases[name] = case = Case(name, file, label, name, "volumes")
        if label is None:
            confidence[name] = rng.random(SHAPE).astype(np.float32)
            prediction = Prediction(natively(truth[name], name), natively(confidence[name], name))
            written = write_prediction(root, case, prediction.labels, SPACE, prediction.confidence)
            entries.append({"case": name, "sha256": sha256(written.read_bytes()).hexdigest()})
            levels = np.rint(confidence[name] * 255).astype(int)
            np.add.at(histogram, (truth[name], levels), 1)
    manifest = {"cases": entries, "confidence_histogram": histogram.tolist()}
    (root / "manifest.json").write_text(json.dumps(manifest))
    return SimpleNamespace(root=root, cases=cases, truth=truth, image=image, confidence=confidence)


def slices_of(source, pseudo, view, images, passing):
    """Open a source of a train stage along a view."""
    levels = None if pseudo is None else pseudo.levels
    masked = MaskedCases(source.cases, source.values, pseudo, levels=levels)
    return Samples(source, pseudo, SliceRecords(masked, view, images, passing))


@pytest.fixture
def opened(made, tmp_path):
    """Return a function that opens both sources along a view."""

    def open_both(view="axial", **trusted):
        grid = WorkingGrid()
        caches = [VolumeCache(tmp_path / name, grid) for name in ("images", "passing")]
        truly = Source(
            kind="labeled",
            cases=(made.cases["a"], made.cases["b"]),
            values=VALUES,
            pipeline=STEPS,
        )
        pseudo = Source(
            kind="pseudo",
            cases=(made.cases["c"], made.cases["d"]),
            values=LabelValues.identity(SPACE),
            pipeline=STEPS,
            written_by="x",
        )
        labels = PseudoLabels(made.root, pseudo.values, **trusted)
        return [
            slices_of(truly, None, view, *caches),
            slices_of(pseudo, labels, view, *caches),
        ]

    return open_both


def labels_of(slices, index):
    """Load a sample through the pipeline; return its labels."""
    return transformed(slices, slices.records.record(index))["gt_seg_map"]


def transformed(slices, record):
    """Load a sample through the pipeline, which packs nothing."""
    started = {**record, "reduce_zero_label": False, "seg_fields": []}
    (sample,) = slices.pipeline(started, ("weak",))
    return sample


@pytest.mark.parametrize("view", BODY_VIEWS)
def test_every_slice_of_every_case_is_a_sample_in_order(opened, made, view):
    for slices in opened(view):
        names = [case.id for case in slices.source.cases]
        count = SHAPE[AXIS[view]]
        assert [slices.records.case(at).id for at in range(len(slices))] == [
            name for name in names for _ in range(count)
        ]
        for at in range(len(slices)):
            name, number = names[at // count], at % count
            record = slices.records.record(at)
            assert record["img_path"] == f"{made.cases[name].image.path} [{view} {number}]"
            loaded = transformed(slices, record)
            expected = of_view(made.image[name], view)[number].clip(-100, 240)
            np.testing.assert_allclose(loaded["img"][..., 1], (expected + 100.0) / 340, atol=1e-6)
            np.testing.assert_array_equal(
                loaded["gt_seg_map"], of_view(made.truth[name], view)[number]
            )


@pytest.mark.parametrize("view", BODY_VIEWS)
def test_each_slice_of_pseudo_labels_may_say_how_sure_it_is(opened, made, view):
    truly, pseudo = opened(view, weight=1)
    assert "gt_levels" not in transformed(truly, truly.records.record(0))
    count = SHAPE[AXIS[view]]
    for at in range(len(pseudo)):
        levels = np.rint(made.confidence["cd"[at // count]] * 255)
        loaded = transformed(pseudo, pseudo.records.record(at))
        np.testing.assert_array_equal(loaded["gt_levels"], of_view(levels, view)[at % count])
        assert loaded["seg_fields"] == ["gt_seg_map", "gt_levels"]


def test_acquired_slices_and_their_masks_are_those_of_each_file(opened, made):
    for slices in opened("acquired"):
        at = 0
        for case in slices.source.cases:
            across = LAYOUTS[case.id][0].index(2)  # z has the largest spacing
            image, truth = (natively(of[case.id], case.id) for of in (made.image, made.truth))
            for number in range(image.shape[across]):
                record = slices.records.record(at)
                assert (slices.records.case(at).id, record["slice"]) == (case.id, number)
                loaded = transformed(slices, record)
                expected = (image.take(number, across).T.clip(-100, 240) + 100.0) / 340
                np.testing.assert_allclose(loaded["img"][..., 1], expected, atol=1e-6)
                np.testing.assert_array_equal(loaded["gt_seg_map"], truth.take(number, across).T)
                at += 1
        assert at == len(slices)


@pytest.mark.parametrize("view", BODY_VIEWS)
def test_foreground_is_what_is_neither_background_nor_ignored(opened, made, view):
    for slices in opened(view):
        for case, counts in zip(slices.source.cases, slices.records.foreground(), strict=True):
            labels = of_view(made.truth[case.id], view)
            expected = ((labels == 1) | (labels == 2)).sum(axis=(1, 2))
            np.testing.assert_array_equal(counts, expected)


@pytest.mark.parametrize("view", BODY_VIEWS)
def test_what_a_student_does_not_trust_is_ignored(opened, made, view):
    truly, pseudo = opened(view, threshold=THRESHOLD)
    ignored = 0
    for at in range(len(pseudo)):
        name, number = pseudo.records.case(at).id, at % SHAPE[AXIS[view]]
        level = np.rint(made.confidence[name] * 255)
        expected = np.where(level >= round(THRESHOLD * 255), made.truth[name], 255)
        labels = labels_of(pseudo, at)
        np.testing.assert_array_equal(labels, of_view(expected, view)[number])
        ignored += np.count_nonzero(labels == 255)
    assert 0.3 < ignored / (2 * made.truth["c"].size) < 0.7
    assert pseudo.pseudo.coverage == pytest.approx(1 - ignored / (2 * made.truth["c"].size))
    np.testing.assert_array_equal(labels_of(truly, 1), of_view(made.truth["a"], view)[1])


def counted(made, view, name, least_level=0):
    """Count the foreground of each slice that a student sees of a case."""
    labels = made.truth[name]
    seen = (labels == 1) | (labels == 2)
    if name in made.confidence:
        seen &= np.rint(made.confidence[name] * 255) >= least_level
    return of_view(seen, view).sum(axis=(1, 2)).tolist()


@pytest.mark.parametrize("view", BODY_VIEWS)
@pytest.mark.parametrize("share", [0.98, 0.7, 0.3, 1])
def test_the_slices_with_most_foreground_stay_counted_over_both_sources(opened, made, view, share):
    sources = opened(view)
    counts = {name: counted(made, view, name) for name in LAYOUTS}
    positive = sorted((n for each in counts.values() for n in each if n), reverse=True)
    least = positive[max(1, int(share * len(positive))) - 1]
    filter_slices([slices.records for slices in sources], share)
    for slices in sources:
        kept = [
            (slices.records.case(at).id, slices.records.record(at)["slice"])
            for at in range(len(slices))
        ]
        assert kept == [
            (case.id, number)
            for case in slices.source.cases
            for number, count in enumerate(counts[case.id])
            if count >= least
        ]
    assert any(len(slices) for slices in sources)


def test_the_threshold_differs_from_that_of_each_source_alone(opened):
    """Else the test above could not tell whether sources are counted together."""
    together, alone = opened(), opened()
    filter_slices([slices.records for slices in together], 0.7)
    for slices in alone:
        filter_slices([slices.records], 0.7)
    assert [len(slices) for slices in together] != [len(slices) for slices in alone]


def test_pixels_that_are_not_trusted_do_not_count(opened, made):
    _, pseudo = opened(threshold=THRESHOLD)
    for name, counts in zip("cd", pseudo.records.foreground(), strict=True):
        assert counts.tolist() == counted(made, "axial", name, round(THRESHOLD * 255))
        assert counts.tolist() != counted(made, "axial", name)


def test_a_number_of_pixels_holds_for_each_slice(opened, made):
    sources = opened()
    filter_slices([slices.records for slices in sources], 6)
    for slices in sources:
        assert len(slices) == sum(
            count >= 6 for case in slices.source.cases for count in counted(made, "axial", case.id)
        )


def test_pseudo_labels_of_another_threshold_are_not_taken_from_the_cache(opened):
    _, before = opened()
    trusting = [labels_of(before, at) for at in range(len(before))]
    _, after = opened(threshold=THRESHOLD)
    assert any(
        not np.array_equal(labels_of(after, at), labels) for at, labels in enumerate(trusting)
    )


def test_pseudo_labels_pass_and_images_and_true_labels_stay(opened, tmp_path):
    opened()
    assert len(list((tmp_path / "images").iterdir())) == 4 + 2
    assert len(list((tmp_path / "passing").iterdir())) == 2


def test_equal_maps_of_unequal_confidence_are_told_apart(made, tmp_path):
    space = LabelSpace("two", ("back", "organ"), ((0, 0, 0), (90, 0, 0)))
    cases = [
        Case(name, made.cases["a"].image, None, name, "volumes")  # of one image, so of one grid
        for name in ("sure", "unsure")
    ]
    nothing = np.zeros(natively(made.truth["a"], "a").shape, np.uint8)
    entries = []
    for case, level in zip(cases, (1.0, 0.0), strict=True):
        prediction = Prediction(nothing, np.full(nothing.shape, level, np.float32))
        path = write_prediction(tmp_path, case, prediction.labels, space, prediction.confidence)
        entries.append({"case": case.id, "sha256": sha256(path.read_bytes()).hexdigest()})
    assert entries[0]["sha256"] == entries[1]["sha256"]
    manifest = {"cases": entries, "confidence_histogram": np.ones((2, 256), int).tolist()}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    source = Source(
        kind="pseudo",
        cases=tuple(cases),
        values=LabelValues.identity(space),
        pipeline=STEPS,
        written_by="x",
    )
    labels = PseudoLabels(tmp_path, source.values, threshold=THRESHOLD)
    cache = VolumeCache(tmp_path / "cache", WorkingGrid())
    slices = slices_of(source, labels, "axial", cache, cache)
    found = [labels_of(slices, at) for at in range(len(slices))]
    half = len(found) // 2
    assert all((label == 0).all() for label in found[:half])
    assert all((label == 255).all() for label in found[half:])


def test_a_true_label_that_was_changed_since_it_was_listed_is_refused(made, opened):
    label = made.cases["a"].label
    path, content = Path(label.path), Path(label.path).read_bytes()
    try:
        path.write_bytes(Path(made.cases["b"].label.path).read_bytes())
        with pytest.raises(ValueError, match=r"a_label\.nii\.gz: expected the content"):
            opened()
    finally:
        path.write_bytes(content)
