"""Opening a NIfTI file that the catalog has looked into: of what it refuses, no more is told."""

from __future__ import annotations

from pathlib import Path

import nibabel
from nibabel.filebasedimages import ImageFileError
from nibabel.nifti1 import Nifti1Image

from ssl_seg.core.errors import UserError


def opened(path: Path) -> Nifti1Image:
    """Open a NIfTI-1 or NIfTI-2 file; only its header is read.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no NIfTI file, or not of three axes.
    """
    try:
        image = nibabel.load(path)
    except (EOFError, ImageFileError, OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise UserError(f"{path}: not a readable NIfTI file: {error}") from error
    if not isinstance(image, Nifti1Image):
        raise UserError(f"{path}: expected a NIfTI file, got {type(image).__name__}")
    if len(image.shape) != 3:
        raise UserError(
            f"{path}: expected one volume of three axes, got shape {image.shape}; save each volume "
            "or channel as a file of its own"
        )
    return image
