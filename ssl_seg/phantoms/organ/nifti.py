"""Writing NIfTI files: equal arguments give equal bytes."""

from pathlib import Path
from typing import Any

import nibabel
from numpy.typing import NDArray


def write_placed(path: Path, voxels: NDArray[Any], affine: NDArray[Any]) -> None:
    """Write a volume whose header tells where it lies.

    Args:
        path: Ends in `.nii.gz`; its folder is made.
        voxels: `(X, Y, Z)`.
        affine: `(4, 4)`, from indices to mm to the right, to the front and to the head.
    """
    image = _image(voxels, affine)
    image.set_qform(affine, code="scanner")
    image.set_sform(affine, code="scanner")
    _save(path, image)


def write_unplaced(
    path: Path, voxels: NDArray[Any], spacing_mm: tuple[float, float, float]
) -> None:
    """Write a volume whose header tells how large its voxels are, but not where they lie.

    Args:
        path: Ends in `.nii.gz`; its folder is made.
        voxels: `(X, Y, Z)`.
        spacing_mm: Distance between voxels along X, Y and Z.
    """
    image = _image(voxels, None)
    image.header.set_zooms(spacing_mm)
    _save(path, image)


def _image(voxels: NDArray[Any], affine: NDArray[Any] | None) -> Any:
    """Return an image whose lengths are in mm."""
    image: Any = nibabel.Nifti1Image(voxels, affine)  # type: ignore[no-untyped-call]
    image.header.set_xyzt_units("mm")
    return image


def _save(path: Path, image: Any) -> None:
    """Write an image; nibabel leaves name and time out of the compressed file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(image, path)
