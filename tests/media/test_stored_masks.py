"""Maps are stored as their cases are: pictures as PNG, volumes as NIfTI in their own grid."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import nibabel
import numpy as np
import pytest
from PIL import Image

from ssl_seg.core.case import Case, DataFile, LabelFile
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.media import stored_masks
from ssl_seg.models.predictor import Prediction

SPACE = LabelSpace("three", ("back", "organ", "mass"), ((0, 0, 0), (90, 0, 0), (0, 90, 0)))
COARSE = LabelSpace("two", ("back", "any"), ((0, 0, 0), (0, 90, 0)))
REDUCED = LabelValues(COARSE, ((0, 0), (1, 1), (2, 1)))
SHAPES = {"pictures": (5, 7), "volumes": (5, 4, 3)}
TURNED = np.array([[0, -2.0, 0, 30], [0, 0, 3.0, -7], [-1.5, 0, 0, 11], [0, 0, 0, 1]])


def listed(path, kind=DataFile):
    return kind(str(path), sha256(path.read_bytes()).hexdigest())


@pytest.fixture(params=SHAPES)
def case(request, tmp_path):
    """A case below a folder, without a label."""
    shape = SHAPES[request.param]
    values = np.arange(np.prod(shape)).reshape(shape)
    if request.param == "pictures":
        path = tmp_path / "image.png"
        Image.fromarray(values.astype(np.uint8)).save(path)
    else:
        path = tmp_path / "image.nii.gz"
        nibabel.save(nibabel.Nifti1Image(values.astype(np.int16), TURNED), path)
    return Case("patient1/scan.2", listed(path), None, "patient1", request.param)


@pytest.fixture
def prediction(case):
    rng = np.random.default_rng(0)
    shape = SHAPES[case.medium]
    return Prediction(
        rng.integers(0, 3, shape).astype(np.uint8), rng.random(shape).astype(np.float32)
    )


def ending(case):
    return ".nii.gz" if case.medium == "volumes" else ".png"


def test_a_map_is_named_by_its_case(case, tmp_path):
    path = stored_masks.mask_path(tmp_path, case)
    assert path == tmp_path / "patient1" / f"scan.2{ending(case)}"


def test_what_is_read_is_what_was_written(case, prediction, tmp_path):
    path = stored_masks.write_prediction(
        tmp_path, case, prediction.labels, SPACE, prediction.confidence
    )
    maps, levels = tmp_path / "maps", tmp_path / "confidence"
    assert path == stored_masks.mask_path(maps, case)
    np.testing.assert_array_equal(stored_masks.read_values(maps, case), prediction.labels)
    np.testing.assert_array_equal(
        stored_masks.read_levels(levels, case), np.rint(prediction.confidence * 255)
    )


def test_without_confidence_there_is_none(case, prediction, tmp_path):
    stored_masks.write_prediction(tmp_path / "out", case, prediction.labels, SPACE)
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert written == [stored_masks.mask_path(tmp_path / "out/maps", case)]


def test_a_map_is_read_into_a_coarser_space(case, prediction, tmp_path):
    stored_masks.write_prediction(tmp_path, case, prediction.labels, SPACE)
    read = stored_masks.read_mask(tmp_path / "maps", case, REDUCED)
    np.testing.assert_array_equal(read, prediction.labels > 0)


def test_a_number_outside_the_space_is_an_error_that_names_the_file(case, prediction, tmp_path):
    path = stored_masks.write_prediction(tmp_path, case, prediction.labels, SPACE)
    with pytest.raises(ValueError, match="2") as caught:
        stored_masks.read_mask(tmp_path / "maps", case, LabelValues.identity(COARSE))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("case", ["volumes"], indirect=True)
def test_another_program_sees_the_map_on_its_image(case, prediction, tmp_path):
    path = stored_masks.write_prediction(
        tmp_path, case, prediction.labels, SPACE, prediction.confidence
    )
    for folder, expected in (("maps", prediction.labels), ("confidence", prediction.confidence)):
        image = nibabel.load(tmp_path / folder / path.relative_to(tmp_path / "maps"))
        np.testing.assert_array_equal(image.affine, nibabel.load(case.image.path).affine)
        np.testing.assert_allclose(np.asarray(image.dataobj), expected, atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize("case", ["volumes"], indirect=True)
def test_a_map_of_another_shape_than_its_volume_is_refused(case, prediction, tmp_path):
    turned = Prediction(prediction.labels.T, prediction.confidence.T)
    with pytest.raises(ValueError, match=r"\(5, 4, 3\), got uint8 \(3, 4, 5\)"):
        stored_masks.write_prediction(
            tmp_path / "out", case, turned.labels, SPACE, turned.confidence
        )
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_true_labels_are_read_by_the_table_of_their_data_set(case, prediction, tmp_path):
    values = LabelValues(SPACE, ((0, 0), (5, 1), (9, 2), (255, 255)))
    stored = np.array([0, 5, 9], np.uint8)[prediction.labels]
    stored.flat[0] = 255
    path = tmp_path / f"label{ending(case)}"
    if case.medium == "volumes":
        nibabel.save(nibabel.Nifti1Image(stored.astype(np.float32), TURNED), path)
    else:
        Image.fromarray(stored).save(path)
    labeled = replace(case, label=listed(path, LabelFile))
    expected = prediction.labels.copy()
    expected.flat[0] = 255
    np.testing.assert_array_equal(stored_masks.read_true_mask(labeled, values), expected)


def test_a_case_without_a_label_has_no_true_map(case):
    with pytest.raises(ValueError, match=r"case 'patient1/scan\.2' has no label file"):
        stored_masks.read_true_mask(case, LabelValues.identity(SPACE))
