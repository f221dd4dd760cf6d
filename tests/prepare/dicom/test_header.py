"""Headers of single DICOM files."""

import pytest

from ssl_seg.prepare.dicom.header import read_header


def test_a_header_holds_what_the_file_tells(series):
    header = read_header(series.path(3))
    assert header.path == series.path(3)
    assert (header.instance_number, header.series, header.patient) == (3, "1.2.3", "somebody")
    assert header.size == (4, 5)
    assert header.pixel_spacing == (0.5, 0.75)
    assert header.orientation == (1, 0, 0, 0, 1, 0)
    assert header.position == (-10, 20, 106)


def test_a_patient_without_a_name_is_read(series):
    series.change(1, PatientID=None)
    assert read_header(series.path(1)).patient == ""


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"PixelData": None}, "has no pixel data"),
        ({"InstanceNumber": None}, "lacks InstanceNumber"),
        ({"ImagePositionPatient": None}, "lacks ImagePositionPatient"),
        ({"ImageOrientationPatient": []}, "ImageOrientationPatient"),
        ({"SeriesInstanceUID": ""}, "lacks SeriesInstanceUID"),
        ({"PixelSpacing": [1, 1, 1]}, "PixelSpacing: expected 2 finite numbers"),
        ({"PixelSpacing": [0, 1]}, r"PixelSpacing: expected lengths above 0 mm, found \(0.0, 1.0"),
    ],
)
def test_what_is_no_slice_is_named_with_its_reason(series, values, message):
    series.change(2, **values)
    with pytest.raises(ValueError, match=message) as caught:
        read_header(series.path(2))
    assert str(series.path(2)) in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"no DICOM at all" * 20, b"\0" * 128 + b"DICM" + b"x" * 9]
)
def test_damaged_files_are_named(series, content):
    series.path(2).write_bytes(content)
    with pytest.raises(ValueError, match=r"not readable as a DICOM file|no pixel data") as caught:
        read_header(series.path(2))
    assert str(series.path(2)) in str(caught.value)
