"""NIfTI files: the one place where they are opened, checked and written.

A file is read once from its start to its end. The same voxels always become the same bytes, and a
file is there whole or not at all.
"""

from __future__ import annotations

import gzip
import logging
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from nibabel.arrayproxy import ArrayProxy
from nibabel.nifti1 import Nifti1Header, Nifti1Image
from nibabel.nifti2 import Nifti2Header
from nibabel.orientations import aff2axcodes
from nibabel.spatialimages import HeaderDataError
from numpy.typing import ArrayLike, NDArray

from ssl_seg.core.errors import UserError
from ssl_seg.media.volumes.affine import Affine, written, written_shape
from ssl_seg.store import atomic

_SLAB_VOXELS = 1 << 21
"""Read at once; many files are read side by side, and none of them must be in memory whole."""

_CHUNK = 1 << 20
_GZIP_MARK = b"\x1f\x8b"
_LONGEST_HEADER = 540
_SINGLE_FILE = (b"n+1", b"n+2")
_MILLIMETRES = ("mm", "unknown")

_FLAT = 1e-3
"""Volume of a voxel in shares of the box of the same edges, below which it is called flat."""

# Masks become a hundredth of their size at the lowest level; higher ones take twice the time, and
# noise hardly becomes smaller.
_COMPRESSION = 1

# The checks of nibabel tell of harmless things without a file's name; what is wrong, they raise.
_unheard = logging.Logger("nibabel's header checks")
_unheard.addHandler(logging.NullHandler())


@dataclass(frozen=True)
class NiftiFile:
    """An opened file of numbers on a grid of three axes.

    Attributes:
        shape: number of voxels along each axis, as stored.
        affine: 4×4, from voxel indices to mm to the right, to the front and to the head.
        slope: a value is the slope times what is stored, plus the intercept.
        intercept: see above.
    """

    shape: tuple[int, int, int]
    affine: Affine
    slope: float
    intercept: float
    _proxy: ArrayProxy
    _stream: IO[bytes]

    @property
    def directions(self) -> str:
        """End of the body that each axis leads nearest to, such as ``RAS``."""
        return "".join(aff2axcodes(self.affine))  # type: ignore[no-untyped-call]

    def stored(self) -> NDArray[Any]:
        """Read all voxels as they are stored, not scaled, and check the end of the file."""
        voxels = np.asarray(self._proxy.get_unscaled())  # type: ignore[no-untyped-call]
        self._check_end()
        return voxels

    def slabs(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield scaled parts of the volume in the order of the last axis, and check the end.

        Yields:
            Number of a part's first slice, and the part.
        """
        *plane, slices = self.shape
        step = max(1, _SLAB_VOXELS // math.prod(plane))
        for start in range(0, slices, step):
            yield start, self._slices(start, start + step)
        self._check_end()

    def _check_end(self) -> None:
        """Read on to the checksum, which stands at the end of a compressed file."""
        while self._stream.read(_CHUNK):
            pass

    def _slices(self, start: int, end: int) -> NDArray[Any]:
        try:
            return np.asarray(self._proxy[..., start:end])
        except ValueError as error:
            # All that nibabel can have against such an index: too few bytes.
            raise EOFError(
                f"the header tells of more voxels than there are from slice {start} on"
            ) from error


@contextmanager
def opened(path: str | Path) -> Iterator[NiftiFile]:
    """Open a file and read its header; voxels are read as long as it is open.

    Raises:
        FileNotFoundError: there is no such file.
        UserError: it is no NIfTI file, is cut off or damaged, has not exactly three axes, has
            colours or complex numbers, or its header does not tell where its voxels lie.
    """
    with _stream(Path(path)) as stream:
        try:
            yield _described(stream, Path(path).stat().st_size)
        except HeaderDataError as error:
            raise UserError(f"the NIfTI header cannot be right: {error}") from error
        except (EOFError, zlib.error, OSError) as error:
            if isinstance(error, OSError) and error.strerror is not None:
                raise
            raise UserError(
                f"the file is cut off or damaged ({' '.join(str(error).split())}); copy or "
                "download it again"
            ) from error


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Start what is wrong with a file by its path, which `opened` leaves to its caller."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


@contextmanager
def _stream(path: Path) -> Iterator[IO[bytes]]:
    """Open a file through its compression, which its name must tell."""
    with path.open("rb") as file:
        packed, named = file.read(2) == _GZIP_MARK, path.name.lower().endswith(".gz")
        file.seek(0)
        if not packed:
            if named and path.stat().st_size:
                raise UserError(
                    "expected a NIfTI file compressed by gzip, as its name says; this is none. "
                    "Name it .nii if it is a NIfTI file without compression, or replace it"
                )
            yield file
        elif named:
            with gzip.open(file) as unpacked:
                yield cast(IO[bytes], unpacked)
        else:
            raise UserError("the file is compressed by gzip, but not named so: name it .nii.gz")


def _described(stream: IO[bytes], size: int) -> NiftiFile:
    start = stream.read(_LONGEST_HEADER)
    stream.seek(0)
    for kind in (Nifti1Header, Nifti2Header):
        if kind.may_contain_header(start):  # type: ignore[no-untyped-call]
            header = kind.from_fileobj(stream, check=False)  # type: ignore[no-untyped-call]
            break
    else:
        raise UserError(
            f"expected a NIfTI file, but there is no NIfTI header ({size} bytes); replace the file "
            "or take it out of the data set"
        )
    spacing = [float(edge) for edge in header["pixdim"][1:4]]
    header.check_fix(logger=_unheard)
    if bytes(header["magic"])[:3] not in _SINGLE_FILE:
        raise UserError("this is the header of a pair of files (.hdr, .img); save both as one .nii")
    shape = _three_axes(header.get_data_shape())
    _check_numbers(header.get_data_dtype())
    affine = _checked_affine(header, spacing)
    proxy = ArrayProxy(stream, header)  # type: ignore[no-untyped-call]
    return NiftiFile(shape, affine, float(proxy.slope), float(proxy.inter), proxy, stream)


def _three_axes(shape: tuple[int, ...]) -> tuple[int, int, int]:
    match shape:
        case (x, y, z) if min(shape) > 0:
            return int(x), int(y), int(z)
        case (_, _, _, 1, *more) if set(more) <= {1}:
            hint = "drop the last axis, which has one entry only"
        case (_, _, _, _, *_):
            hint = (
                "several channels or points in time in one file are not read: write one volume "
                "with the channel that counts"
            )
        case _:
            hint = "a volume needs voxels along three axes"
    raise UserError(
        f"expected a volume of three axes, got the shape {written_shape(shape)}; {hint}"
    )


def _check_numbers(dtype: np.dtype[Any]) -> None:
    if dtype.kind not in "iuf":
        kind = "complex numbers" if dtype.kind == "c" else "colours"
        raise UserError(f"expected one real number per voxel, got {kind} (type {dtype})")


def _checked_affine(header: Any, spacing: list[float]) -> Affine:
    """Return where the voxels lie.

    Args:
        header: of the file, checked.
        spacing: as the file has it; nibabel's checks make 1 of 0.

    Raises:
        UserError: lengths are not in mm, an edge is 0, or the axes lie in one plane.
    """
    unit = header.get_xyzt_units()[0]
    if unit not in _MILLIMETRES:
        raise UserError(f"the header gives lengths in the unit {unit!r}; expected mm")
    if not all(math.isfinite(edge) and edge for edge in spacing):
        raise UserError(
            f"the header gives voxels of {written_shape(spacing)} mm (pixdim); every edge needs a "
            "length"
        )
    affine = header.get_best_affine()
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    if not (np.isfinite(affine).all() and edges.all()) or (
        abs(np.linalg.det(affine[:3, :3] / edges)) < _FLAT
    ):
        raise UserError(
            f"the affine {written(affine.tolist())} gives the voxels no volume, so nothing "
            "can be measured; correct the header's sform or qform"
        )
    return tuple(tuple(row) for row in np.asarray(affine, np.float64).tolist())


def write_placed(
    path: Path, voxels: NDArray[Any], affine: ArrayLike, *, slope: float | None = None
) -> None:
    """Write a .nii.gz file whose header tells where its voxels lie.

    Args:
        path: of the file; folders that are missing are made.
        voxels: (X, Y, Z) of a type that NIfTI has.
        affine: 4×4, from voxel indices to mm to the right, to the front and to the head.
        slope: viewers show it times what is stored; ``None`` for what is stored.
    """
    image = _image(voxels, np.array(affine))
    # Viewers differ in which of the two they believe.
    image.set_qform(np.array(affine), code="scanner")
    image.set_sform(np.array(affine), code="scanner")
    if slope is not None:
        image.header.set_slope_inter(slope, 0)
    _write(path, image)


def write_unplaced(path: Path, voxels: NDArray[Any], spacing: tuple[float, float, float]) -> None:
    """Write a .nii.gz file whose header tells how large its voxels are, but not where they lie.

    Args:
        path: of the file; folders that are missing are made.
        voxels: (X, Y, Z) of a type that NIfTI has.
        spacing: distance of neighbouring voxels along each axis, in mm.
    """
    image = _image(voxels, None)
    image.header.set_zooms(spacing)
    _write(path, image)


def _image(voxels: NDArray[Any], affine: NDArray[np.float64] | None) -> Any:
    """Return nibabel's image, few of whose methods are typed; its lengths are in mm."""
    image: Any = Nifti1Image(voxels, affine)  # type: ignore[no-untyped-call]
    image.header.set_xyzt_units("mm")
    return image


def _write(path: Path, image: Any) -> None:
    # A time in the file would make equal voxels differ.
    atomic.write_bytes(path, gzip.compress(image.to_bytes(), _COMPRESSION, mtime=0))
