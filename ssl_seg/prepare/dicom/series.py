"""The files of one series, in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from pathlib import Path

from ssl_seg.core.errors import UserError
from ssl_seg.prepare.dicom.header import SliceHeader, read_header

_SHOWN = 8

_SAME: dict[str, Callable[[SliceHeader], tuple[float, ...]]] = {
    "Rows, Columns": lambda header: header.size,
    "PixelSpacing": lambda header: header.pixel_spacing,
    "ImageOrientationPatient": lambda header: header.orientation,
}
"""What all slices of a volume must have in common."""


def read_series(files: Sequence[Path]) -> tuple[SliceHeader, ...]:
    """Read the headers of a whole series and sort them by InstanceNumber.

    Args:
        files: its DICOM files in any order.

    Returns:
        The slices with InstanceNumber 1, 2, 3, ...

    Raises:
        UserError: there are fewer than 2 files, one is no image slice, they are of several series
            or differ in size, spacing or orientation, or numbers are missing or repeated.
    """
    if len(files) < 2:
        found = files[0] if files else "none"
        raise UserError(f"expected at least 2 DICOM files of a series, found {found}")
    headers = sorted(map(read_header, files), key=lambda header: header.instance_number)
    _require_one_series(headers)
    for name, value in _SAME.items():
        _require_same(headers, name, value)
    _require_all_numbers(headers)
    return tuple(headers)


def _require_one_series(headers: Sequence[SliceHeader]) -> None:
    series: defaultdict[str, list[Path]] = defaultdict(list)
    for header in headers:
        series[header.series].append(header.path)
    if len(series) > 1:
        told = "; ".join(
            f"{uid} ({len(paths)} files, e.g. {paths[0]})" for uid, paths in series.items()
        )
        raise UserError(
            f"expected one series, found {len(series)}: {told}; move all but one elsewhere"
        )


def _require_same(
    headers: Sequence[SliceHeader], name: str, value: Callable[[SliceHeader], tuple[float, ...]]
) -> None:
    for before, after in pairwise(headers):
        if value(before) != value(after):
            raise UserError(
                f"{name}: expected the same in all slices, found {list(value(before))} in "
                f"{before.path} and {list(value(after))} in {after.path}"
            )


def _require_all_numbers(headers: Sequence[SliceHeader]) -> None:
    for before, after in pairwise(headers):
        if before.instance_number == after.instance_number:
            raise UserError(
                f"InstanceNumber {before.instance_number} stands in two files: {before.path} and "
                f"{after.path}; remove one"
            )
    numbers = {header.instance_number for header in headers}
    last = headers[-1].instance_number
    if headers[0].instance_number < 1:
        raise UserError(
            f"{headers[0].path}: InstanceNumber: expected a number from 1 on, found "
            f"{headers[0].instance_number}"
        )
    if last != len(headers):
        # Only the first few are listed: one absurd number leaves billions out.
        absent = (str(number) for number in range(1, last + 1) if number not in numbers)
        missing = list(islice(absent, _SHOWN))
        more = ", ..." if last - len(headers) > _SHOWN else ""
        raise UserError(
            f"{headers[0].path.parent}: slices are missing: {len(headers)} files have "
            f"InstanceNumbers up to {last}; no file has {', '.join(missing)}{more}"
        )
