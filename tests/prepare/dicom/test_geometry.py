"""Where voxels lie, by DICOM's own formula (PS3.3 C.7.6.2.1.1) and by hand."""

import numpy as np
import pytest

from ssl_seg.prepare.dicom.geometry import affine
from ssl_seg.prepare.dicom.series import read_series


def position_of(header, column, row):
    """Return where a pixel lies in patient coordinates, as DICOM's formula has it."""
    x, y = np.array(header.orientation[:3]), np.array(header.orientation[3:])
    between_rows, between_columns = header.pixel_spacing
    return np.array(header.position) + x * between_columns * column + y * between_rows * row


def turned(degrees):
    """Return axial rows and columns, turned around two axes."""
    a, b = np.radians(degrees), np.radians(degrees / 2)
    row = np.array([np.cos(a), np.sin(a), 0])
    column = np.array([-np.sin(a) * np.cos(b), np.cos(a) * np.cos(b), np.sin(b)])
    return row, column


def place(series, row, column, step_mm):
    """Lay all slices one over another along their normal."""
    normal = np.cross(row, column)
    for number in range(1, 7):
        position = np.array([5, -7, 30]) + (number - 1) * step_mm * normal
        series.change(
            number,
            ImageOrientationPatient=[round(float(value), 8) for value in (*row, *column)],
            ImagePositionPatient=[round(float(value), 5) for value in position],
        )


def test_the_affine_by_hand(series):
    # Left and back are negative in NIfTI: -(-10), -20; slice 1 lies at 102 mm, the next at 104.
    expected = [[-0.75, 0, 0, 10], [0, -0.5, 0, -20], [0, 0, 2, 102], [0, 0, 0, 1]]
    np.testing.assert_allclose(affine(read_series(series.files)), expected, atol=1e-12)


@pytest.mark.parametrize("step_mm", [1.5, -1.5])
@pytest.mark.parametrize(
    ("row", "column"),
    [((1, 0, 0), (0, 1, 0)), ((-1, 0, 0), (0, 1, 0)), ((-1, 0, 0), (0, -1, 0)), turned(25)],
    ids=["supine", "mirrored", "prone", "oblique"],
)
def test_every_voxel_lies_where_dicom_says(series, row, column, step_mm):
    place(series, row, column, step_mm)
    slices = read_series(series.files)
    found = affine(slices)
    for z, header in enumerate(slices):
        for x, y in ((0, 0), (4, 0), (0, 3), (4, 3)):
            left, back, head = position_of(header, x, y)
            np.testing.assert_allclose(found @ [x, y, z, 1], [-left, -back, head, 1], atol=1e-4)


def test_order_to_the_feet_is_a_negative_step(series):
    place(series, (1, 0, 0), (0, 1, 0), -1.5)
    assert affine(read_series(series.files))[2, 2] == pytest.approx(-1.5)


def test_rounded_positions_are_no_missing_slice(series):
    for number, off in enumerate([0, 0.04, -0.04, 0.05, 0, -0.05], start=1):
        series.change(number, ImagePositionPatient=[-10, 20, 100 + 2 * number + off])
    assert affine(read_series(series.files))[2, 2] == pytest.approx(2, abs=0.02)


@pytest.mark.parametrize("off_mm", [2, -2, 0.5])
def test_a_gap_between_positions_names_the_slices_beside_it(series, off_mm):
    for number in (4, 5, 6):
        series.change(number, ImagePositionPatient=[-10, 20, 100 + 2 * number + off_mm])
    with pytest.raises(ValueError, match=f"lie {2 + off_mm:.2f} mm apart") as caught:
        affine(read_series(series.files))
    assert str(series.path(3)) in str(caught.value)
    assert str(series.path(4)) in str(caught.value)
    assert str(series.path(5)) not in str(caught.value)
    assert "expected 2.00 mm" in str(caught.value)


def test_slices_that_slide_sideways_are_refused(series):
    for number in range(1, 7):
        series.change(number, ImagePositionPatient=[-10, 20 + number, 100 + 2 * number])
    with pytest.raises(
        ValueError, match=r"2\.00 mm apart along their normal and 1\.00 mm sideways"
    ):
        affine(read_series(series.files))


def test_slices_in_one_place_are_refused(series):
    series.change_all(ImagePositionPatient=[-10, 20, 100])
    with pytest.raises(ValueError, match="lie in one place") as caught:
        affine(read_series(series.files))
    assert str(series.path(1)) in str(caught.value)


@pytest.mark.parametrize(
    ("orientation", "message"),
    [
        ([0, 1, 0, 0, 0, -1], "not an axial slice"),
        ([1, 0, 0, 0, 0, -1], "not an axial slice"),
        ([0, 1, 0, 1, 0, 0], "not an axial slice"),
        ([1, 0, 0, 0, 2, 0], "two unit vectors at right angles"),
        ([1, 0, 0, 0.6, 0.8, 0], "two unit vectors at right angles"),
    ],
    ids=["sagittal", "coronal", "swapped", "long", "slanted"],
)
def test_other_orientations_are_refused(series, orientation, message):
    series.change_all(ImageOrientationPatient=orientation)
    with pytest.raises(ValueError, match=message) as caught:
        affine(read_series(series.files))
    assert str(series.path(1)) in str(caught.value)
