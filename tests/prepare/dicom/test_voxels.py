"""Pixels in Hounsfield units."""

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import JPEG2000Lossless, RLELossless

from ssl_seg.prepare.dicom.series import read_series
from ssl_seg.prepare.dicom.voxels import read_hounsfield


def test_voxels_are_column_row_slice(series):
    voxels = read_hounsfield(read_series(series.files))
    assert voxels.shape == (5, 4, 6)
    assert voxels.dtype == np.int16
    for z, y, x in np.ndindex(series.stored.shape):
        assert voxels[x, y, z] == series.stored[z, y, x]


def test_slope_and_intercept_of_each_slice_are_applied(series):
    series.change(1, RescaleSlope=2, RescaleIntercept=-1024)
    series.change(2, RescaleSlope=0.5, RescaleIntercept=0)
    series.change(3, RescaleSlope=None, RescaleIntercept=None)
    voxels = read_hounsfield(read_series(series.files)).transpose(2, 1, 0)
    np.testing.assert_array_equal(voxels[0], series.stored[0] * 2 - 1024)
    assert np.abs(voxels[1] - series.stored[1] / 2).max() <= 0.5
    np.testing.assert_array_equal(voxels[2:], series.stored[2:])


def test_unsigned_values_are_read(series):
    stored = np.full((4, 5), 40000, "<u2")
    series.change(1, PixelRepresentation=0, RescaleIntercept=-32000, PixelData=stored.tobytes())
    assert (read_hounsfield(read_series(series.files))[:, :, 0] == 8000).all()


def test_values_that_do_not_fit_are_refused(series):
    series.change(3, RescaleSlope=1000)
    with pytest.raises(
        ValueError, match="expected values from -32768 to 32767 HU, found"
    ) as caught:
        read_hounsfield(read_series(series.files))
    assert str(series.path(3)) in str(caught.value)
    assert "RescaleSlope 1000" in str(caught.value)


def test_compression_that_needs_nothing_more_is_read(series):
    dataset = dcmread(series.path(2))
    dataset.compress(RLELossless)
    dataset.save_as(series.path(2))
    voxels = read_hounsfield(read_series(series.files))
    np.testing.assert_array_equal(voxels[:, :, 1].T, series.stored[1])


def test_compression_that_cannot_be_decoded_says_what_to_do(series):
    dataset = dcmread(series.path(2))
    dataset.compress(RLELossless)
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    dataset.save_as(series.path(2))
    with pytest.raises(ValueError, match="pixels are compressed \\(JPEG 2000") as caught:
        read_hounsfield(read_series(series.files))
    assert str(series.path(2)) in str(caught.value)
    assert "gdcmconv --raw" in str(caught.value)


@pytest.mark.parametrize("cut", [1, 13, 39])
def test_a_truncated_file_is_named(series, cut):
    content = series.path(2).read_bytes()
    series.path(2).write_bytes(content[:-cut])
    with pytest.raises(ValueError, match="pixels cannot be read") as caught:
        read_hounsfield(read_series(series.files))
    assert str(series.path(2)) in str(caught.value)


def test_colours_are_refused(series):
    series.change(
        2,
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=0,
        PixelData=bytes(4 * 5 * 3 * 2),
    )
    with pytest.raises(
        ValueError, match=r"grey values, found pixels of shape \(4, 5, 3\)"
    ) as caught:
        read_hounsfield(read_series(series.files))
    assert str(series.path(2)) in str(caught.value)
