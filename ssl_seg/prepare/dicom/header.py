"""What one DICOM file tells of the slice it holds, without its pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread

from ssl_seg.core.errors import UserError

# Longer values, above all the pixels, are left on disk until somebody asks for them.
_KEPT_BYTES = 1024


@dataclass(frozen=True)
class SliceHeader:
    """One slice of a series; names are DICOM's.

    Attributes:
        path: of the file.
        instance_number: place in the series.
        series: SeriesInstanceUID.
        patient: PatientID; empty where the file does not tell.
        size: Rows, Columns.
        pixel_spacing: mm from row to row, mm from column to column.
        orientation: ImageOrientationPatient: unit vectors along a row and along a column, in
            patient coordinates (to the left, to the back, to the head).
        position: ImagePositionPatient: the first pixel's centre in mm, same coordinates.
    """

    path: Path
    instance_number: int
    series: str
    patient: str
    size: tuple[int, int]
    pixel_spacing: tuple[float, ...]
    orientation: tuple[float, ...]
    position: tuple[float, ...]


def read_header(path: Path) -> SliceHeader:
    """Read a slice's header.

    Raises:
        UserError: it is no DICOM file, or one without pixels, place or size.
    """
    dataset = read_dataset(path, defer_size=_KEPT_BYTES)
    try:
        if "PixelData" not in dataset:
            raise UserError("has no pixel data; expected an image slice, so move it elsewhere")
        number, rows, columns = (
            int(_numbers(dataset, keyword, 1)[0])
            for keyword in ("InstanceNumber", "Rows", "Columns")
        )
        spacing = _numbers(dataset, "PixelSpacing", 2)
        if min(spacing) <= 0:
            raise UserError(f"PixelSpacing: expected lengths above 0 mm, found {spacing}")
        return SliceHeader(
            path=path,
            instance_number=number,
            series=_text(dataset, "SeriesInstanceUID"),
            patient=str(dataset.get("PatientID") or ""),
            size=(rows, columns),
            pixel_spacing=spacing,
            orientation=_numbers(dataset, "ImageOrientationPatient", 6),
            position=_numbers(dataset, "ImagePositionPatient", 3),
        )
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def read_dataset(path: Path, defer_size: int | None = None) -> Dataset:
    """Read a DICOM file.

    Args:
        path: of the file.
        defer_size: values of more bytes are read when asked for; None reads all of them.

    Raises:
        UserError: it is no DICOM file or a damaged one.
    """
    try:
        return dcmread(path, defer_size=defer_size)
    except Exception as error:  # pydicom raises whatever a damaged byte leads to
        raise UserError(
            f"{path}: not readable as a DICOM file ({error}); fetch it again"
        ) from error


def _text(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    if not value:
        raise UserError(f"lacks {keyword}; expected a slice of a series")
    return str(value)


def _numbers(dataset: Dataset, keyword: str, count: int) -> tuple[float, ...]:
    value: Any = dataset.get(keyword)
    if value is None or value == "":
        raise UserError(f"lacks {keyword}; expected a slice that tells where it lies")
    try:
        numbers = tuple(float(number) for number in ([value] if count == 1 else value))
    except (TypeError, ValueError):
        numbers = ()
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        plural = "s" if count > 1 else ""
        raise UserError(f"{keyword}: expected {count} finite number{plural}, found {value!r}")
    return numbers
