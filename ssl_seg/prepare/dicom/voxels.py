"""The pixels of a series as a volume in Hounsfield units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from ssl_seg.core.errors import UserError
from ssl_seg.prepare.dicom.header import SliceHeader, read_dataset

_INT16 = np.iinfo(np.int16)


def read_hounsfield(slices: Sequence[SliceHeader]) -> NDArray[np.int16]:
    """Read all pixels and apply RescaleSlope and RescaleIntercept, where a file has them.

    Args:
        slices: in order, of one size.

    Returns:
        ``(columns, rows, slices)``, in memory as one slice after the other; rounded where slope or
        intercept are no whole numbers.

    Raises:
        UserError: pixels cannot be decoded, are not one grey value each, or do not fit.
    """
    rows, columns = slices[0].size
    stack = np.empty((len(slices), rows, columns), np.int16)
    for place, header in zip(stack, slices, strict=True):
        try:
            place[...] = _hounsfield(read_dataset(header.path), header.size)
        except _BadPixelsError as error:
            raise UserError(f"{header.path}: {error}") from error
    return stack.transpose(2, 1, 0)


class _BadPixelsError(ValueError):
    """The message lacks the file's name."""


def _hounsfield(dataset: Dataset, size: tuple[int, int]) -> NDArray[np.int16]:
    stored = _stored(dataset)
    if stored.shape != size:
        raise _BadPixelsError(
            f"expected one slice of {size[0]} x {size[1]} grey values, found pixels of shape "
            f"{stored.shape}"
        )
    slope, intercept = _number(dataset, "RescaleSlope", 1), _number(dataset, "RescaleIntercept", 0)
    values = np.rint(stored * slope + intercept)
    if not (values.min() >= _INT16.min and values.max() <= _INT16.max):
        raise _BadPixelsError(
            f"expected values from {_INT16.min} to {_INT16.max} HU, found {values.min():g} to "
            f"{values.max():g} with RescaleSlope {slope:g}, RescaleIntercept {intercept:g}"
        )
    return values.astype(np.int16)


def _number(dataset: Dataset, keyword: str, default: float) -> float:
    """Return the one number of an element; an element without a value is as good as none."""
    value = dataset.get(keyword)
    if value is None or value == "":
        return default
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise _BadPixelsError(f"{keyword}: expected a number, found {value!r}") from error


def _stored(dataset: Dataset) -> NDArray[np.integer]:
    try:
        return dataset.pixel_array
    except Exception as error:  # pydicom and its decoders raise what they like
        syntax = dataset.file_meta.get("TransferSyntaxUID")
        if syntax is None or not syntax.is_compressed:
            raise _BadPixelsError(
                f"pixels cannot be read: {error}; fetch the file again"
            ) from error
        raise _BadPixelsError(
            f"pixels are compressed ({syntax.name}) and cannot be decoded: {error} Decompress the "
            "series first (DCMTK's dcmdjpeg, GDCM's gdcmconv --raw), or install a decoder: pip "
            "install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg"
        ) from error
