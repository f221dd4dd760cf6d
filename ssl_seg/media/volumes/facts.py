"""What must be known of volumes and their labels before work starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ssl_seg.core.errors import UserError
from ssl_seg.media.facts import Known
from ssl_seg.media.volumes.affine import Affine, farthest, spacing, written, written_shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Plans of known files need neither numpy nor nibabel: both are imported for the first look only.
# Threads look into files, so one module alone imports nibabel: a thread that came by another way
# meanwhile would see it half made.

SUFFIXES = (".nii.gz", ".nii")
"""Endings of NIfTI files."""

_ROUNDING = 0.1
"""Distance in shares of the shortest edge of a voxel that two headers' rounding may make."""


@dataclass(frozen=True)
class VolumeFacts:
    """The grid of a volume, as its file has it.

    Attributes:
        shape: number of voxels along each axis.
        affine: from voxel indices to mm.
        directions: end of the body that each axis leads nearest to, such as ``RAS``: right,
            front (anterior), head (superior).
    """

    shape: tuple[int, ...]
    affine: Affine
    directions: str
    kind: ClassVar[str] = "volume"

    @classmethod
    def of(cls, path: str) -> Self:
        """Read a volume whole, some slices at a time.

        Raises:
            UserError: the file is none of a volume (see `nifti.opened`), a voxel
                is NaN or infinite, or all voxels are equal.
        """
        from ssl_seg.media.volumes.nifti import opened  # noqa: PLC0415

        lows, highs = [], []
        with opened(path) as file:
            for start, slab in file.slabs():
                lows.append(slab.min())
                highs.append(slab.max())
                _check_finite(start, slab, lows[-1], highs[-1])
        if min(lows) == max(highs):
            raise UserError(
                f"all voxels hold the same value, {lows[0]:g}: there is nothing to see in it; "
                "export it anew or take it out of the data set"
            )
        return cls(file.shape, file.affine, file.directions)

    @classmethod
    def from_plain(cls, plain: Sequence[Any]) -> Self:
        """Return the facts that `plain` wrote."""
        shape, affine, directions = plain
        return cls(tuple(shape), _tuples(affine), directions)

    def plain(self) -> Sequence[Any]:
        """Return the facts as a list of plain values."""
        return [self.shape, self.affine, self.directions]


@dataclass(frozen=True)
class LabelVolumeFacts:
    """The grid of a volume of labels, and what is in it.

    Attributes:
        shape: number of voxels along each axis.
        affine: from voxel indices to mm.
        pixels: pairs (value, number of voxels that hold it, at least 1), values ascending.
    """

    shape: tuple[int, ...]
    affine: Affine
    pixels: tuple[tuple[int, int], ...]
    kind: ClassVar[str] = "label volume"

    @classmethod
    def of(cls, path: str) -> Self:
        """Count the values in a volume of labels, of whatever type they are stored as.

        Raises:
            UserError: the file is none of a volume (see `nifti.opened`), or a
                value is no whole number from 0 to 255.
        """
        import numpy as np  # noqa: PLC0415

        from ssl_seg.media.volumes.nifti import opened  # noqa: PLC0415

        counts = np.zeros(256, np.int64)
        with opened(path) as file:
            for start, slab in file.slabs():
                counts += np.bincount(_numbers(start, slab).ravel(), minlength=256)
        found = ((int(value), int(counts[value])) for value in counts.nonzero()[0])
        return cls(file.shape, file.affine, tuple(found))

    @classmethod
    def from_plain(cls, plain: Sequence[Any]) -> Self:
        """Return the facts that `plain` wrote."""
        shape, affine, values, counts = plain
        return cls(tuple(shape), _tuples(affine), tuple(zip(values, counts, strict=True)))

    def plain(self) -> Sequence[Any]:
        """Return the facts as a list of plain values."""
        values, counts = zip(*self.pixels, strict=True)
        return [self.shape, self.affine, values, counts]


def grid_misfit(image: Known[VolumeFacts], mask: Known[LabelVolumeFacts]) -> str | None:
    """Say how the grids of a volume and its labels differ, beyond the rounding of headers."""
    shape, other = image.facts.shape, mask.facts.shape
    if shape != other:
        turned = sorted(shape) == sorted(other)
        return (
            f"{mask.file.path}: the mask has the shape {written_shape(other)}, its image "
            f"{image.file.path} {written_shape(shape)}; "
            + (
                "the axes of one of them are in another order"
                if turned
                else "both must have the same shape"
            )
        )
    apart = farthest(image.facts.affine, mask.facts.affine, shape)
    if apart <= _ROUNDING * min(spacing(image.facts.affine)):
        return None
    return (
        f"{mask.file.path}: by its affine {written(mask.facts.affine)} the mask lies up to "
        f"{apart:.3g} mm off its image {image.file.path} with the affine "
        f"{written(image.facts.affine)}; resample the mask to the image's grid, or, where only the "
        "header is wrong, give it the image's affine"
    )


def _check_finite(start: int, slab: NDArray[Any], low: Any, high: Any) -> None:
    """Refuse NaN and infinities, which the least or the greatest value shows."""
    import numpy as np  # noqa: PLC0415

    if np.isfinite(low) and np.isfinite(high):
        return
    raise UserError(
        f"{_example(start, slab, ~np.isfinite(slab))}; expected finite numbers: export the volume "
        "anew, or replace such voxels by the value of air or background"
    )


def _numbers(start: int, slab: NDArray[Any]) -> NDArray[np.uint8]:
    import numpy as np  # noqa: PLC0415

    with np.errstate(invalid="ignore"):
        numbers: NDArray[np.uint8] = slab.astype(np.uint8)
    # What a byte does not hold comes back as another number, and NaN is unlike any.
    wrong = numbers != slab
    if wrong.any():
        raise UserError(
            f"{_example(start, slab, wrong)}; expected labels: whole numbers from 0 to 255"
        )
    return numbers


def _example(start: int, slab: NDArray[Any], wrong: NDArray[np.bool_]) -> str:
    """Name the first bad voxel of a slab."""
    x, y, z = (int(index[0]) for index in wrong.nonzero())
    return f"the voxel [{x}, {y}, {start + z}] holds {slab[x, y, z]:g}"


def _tuples(affine: Sequence[Sequence[float]]) -> Affine:
    return tuple(tuple(row) for row in affine)
