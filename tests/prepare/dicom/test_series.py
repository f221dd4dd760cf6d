"""Which files make a series, and in which order."""

import pytest

from ssl_seg.prepare.dicom.series import read_series


def test_slices_come_by_instance_number_whatever_files_are_called(series):
    slices = read_series(series.files)
    assert [one.instance_number for one in slices] == [1, 2, 3, 4, 5, 6]
    assert [one.path for one in slices] == series.files[::-1]
    assert read_series(series.files[::-1]) == slices


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ([1], "5 files have InstanceNumbers up to 6; no file has 1$"),
        ([3], "5 files have InstanceNumbers up to 6; no file has 3$"),
        ([2, 4, 5], "3 files have InstanceNumbers up to 6; no file has 2, 4, 5$"),
    ],
)
def test_missing_slices_are_listed(series, missing, message):
    for number in missing:
        series.path(number).unlink()
    with pytest.raises(ValueError, match=message) as caught:
        read_series(series.files)
    assert str(series.folder) in str(caught.value)


def test_an_absurd_number_is_no_endless_list(series):
    series.change(6, InstanceNumber=2_000_000_000)
    with pytest.raises(ValueError, match=r"no file has 6, 7, 8, 9, 10, 11, 12, 13, \.\.\.$"):
        read_series(series.files)


def test_numbers_from_0_on_are_refused(series):
    series.change(6, InstanceNumber=0)
    with pytest.raises(ValueError, match="expected a number from 1 on, found 0") as caught:
        read_series(series.files)
    assert str(series.path(6)) in str(caught.value)


def test_a_repeated_number_names_both_files(series):
    series.change(4, InstanceNumber=3)
    with pytest.raises(ValueError, match="InstanceNumber 3 stands in two files") as caught:
        read_series(series.files)
    assert str(series.path(3)) in str(caught.value)
    assert str(series.path(4)) in str(caught.value)


def test_two_series_in_one_folder_are_told_apart(series):
    for number in (5, 6):
        series.change(number, SeriesInstanceUID="9.8.7", InstanceNumber=number - 4)
    with pytest.raises(ValueError, match="expected one series, found 2") as caught:
        read_series(series.files)
    assert "1.2.3 (4 files" in str(caught.value)
    assert "9.8.7 (2 files" in str(caught.value)
    assert str(series.folder) in str(caught.value)


@pytest.mark.parametrize(
    ("keyword", "value", "told"),
    [
        ("Rows", 3, r"Rows, Columns: .* found \[4, 5\] in .* and \[3, 5\] in"),
        ("Columns", 4, r"Rows, Columns: .* found \[4, 5\] in .* and \[4, 4\] in"),
        ("PixelSpacing", [0.5, 0.5], r"PixelSpacing: .* \[0.5, 0.75\] in .* and \[0.5, 0.5\] in"),
        ("ImageOrientationPatient", [-1, 0, 0, 0, 1, 0], r"ImageOrientationPatient: .* \[-1.0, "),
    ],
)
def test_slices_that_differ_are_named(series, keyword, value, told):
    series.change(6, **{keyword: value})
    with pytest.raises(ValueError, match=told) as caught:
        read_series(series.files)
    assert str(series.path(5)) in str(caught.value)
    assert str(series.path(6)) in str(caught.value)


def test_one_slice_is_no_volume(series):
    with pytest.raises(ValueError, match="expected at least 2 DICOM files") as caught:
        read_series([series.path(1)])
    assert str(series.path(1)) in str(caught.value)
    with pytest.raises(ValueError, match="found none"):
        read_series([])
