"""NIH Pancreas-CT as NIfTI files: one image and one label for each case, on one grid.

The published labels pair with the scans by array, not by header: label [x, y, z] belongs to the
pixel of column x and row y in the slice of InstanceNumber z + 1. So a label gets its scan's affine,
and nothing is flipped: where slices run to the feet, the affine says so.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.misc import is_dicom

import ssl_seg
from ssl_seg.catalog.index import raise_problems
from ssl_seg.core.errors import UserError
from ssl_seg.media.volumes.grid import Grid
from ssl_seg.media.volumes.masks import read_label_values, write_labels
from ssl_seg.media.volumes.nifti import write_placed
from ssl_seg.prepare.dicom.geometry import affine
from ssl_seg.prepare.dicom.header import SliceHeader
from ssl_seg.prepare.dicom.series import read_series
from ssl_seg.prepare.dicom.voxels import read_hounsfield
from ssl_seg.prepare.nih_pancreas.alignment import Alignment
from ssl_seg.prepare.nih_pancreas.pairs import Pair
from ssl_seg.prepare.nih_pancreas.published import ORGAN_VOXELS, PLANE
from ssl_seg.prepare.nih_pancreas.record import Record, digest_of, digest_of_all
from ssl_seg.store import atomic
from ssl_seg.store.lock import writer_lock

_DICOM_SUFFIX = ".dcm"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """What became of the cases.

    Attributes:
        made: cases written now.
        kept: cases that were there already.
    """

    made: tuple[str, ...]
    kept: tuple[str, ...]


def prepare(
    pairs: Collection[Pair],
    out: Path,
    *,
    unchecked: Collection[int] = (),
    overwrite: bool = False,
) -> Prepared:
    """Write ``images/0001.nii.gz``, ``labels/0001.nii.gz``, ... and ``prepared.json``.

    Images are int16 in HU, labels uint8 with 1 in the pancreas, both in RAS millimetres. One case
    is in memory at a time. A case counts once both files are on disk; a second call makes the
    others, and those of which a file is missing.

    Args:
        pairs: the cases.
        out: a new or empty folder, or one that this function wrote.
        unchecked: numbers of cases whose organ is neither counted nor looked for in the scan.
        overwrite: whether finished cases are made anew.

    Raises:
        UserError: cases cannot be used, or were made from other files, or were changed since;
            names the first few, after all others have been made.
        WorkDirInUseError: another process is writing into the folder.
    """
    made, kept, problems = [], [], []
    with writer_lock(out):
        record = Record(out)
        for folder in ("images", "labels"):
            _remove_unfinished(out / folder)
        for at, pair in enumerate(pairs, start=1):
            try:
                sources = _sources(pair)
                if not overwrite and _is_finished(record, pair.case, sources):
                    kept.append(pair.case)
                    continue
                facts = _make(pair, out, record, is_checked=pair.number not in unchecked)
                record.add(pair.case, _names(pair.case), {"sources": sources, **facts})
            except UserError as error:
                problems.append(f"case {pair.case}: {error}")
                # The error at the end shows only the first few.
                _log.warning("refused %s", problems[-1])
                continue
            made.append(pair.case)
            _log.info("prepared case %s (%d of %d)", pair.case, at, len(pairs))
    raise_problems(problems)
    return Prepared(tuple(made), tuple(kept))


def _names(case: str) -> tuple[str, str]:
    """Return the paths of a case's image and label."""
    return f"images/{case}.nii.gz", f"labels/{case}.nii.gz"


def _remove_unfinished(folder: Path) -> None:
    """Remove what a killed run was writing."""
    if folder.is_dir():
        for path in folder.iterdir():
            if atomic.is_unfinished(path.name):
                path.unlink()


def _sources(pair: Pair) -> dict[str, Any]:
    """Return what a case is made of."""
    return {
        "label": {"name": pair.label.name, "sha256": digest_of(pair.label)},
        "scan": {"files": len(pair.files), "sha256": digest_of_all(pair.files)},
    }


def _is_finished(record: Record, case: str, sources: Mapping[str, Any]) -> bool:
    """Tell whether a case need not be made again.

    Raises:
        UserError: it was made from other files, or its files were changed afterwards.
    """
    entry = record.entry(case)
    if entry is None:
        return False
    if entry["sources"] != sources:
        raise UserError(
            "was prepared from other files than those that are there now; --overwrite prepares it "
            "anew"
        )
    if changed := record.changed(case):
        raise UserError(
            f"{', '.join(changed)}: changed since it was prepared; move it elsewhere or call with "
            "--overwrite, and it is prepared anew"
        )
    return not record.missing(case)


def _make(pair: Pair, out: Path, record: Record, *, is_checked: bool) -> dict[str, Any]:
    """Write a case and return what is to be told of it."""
    slices = read_series(_dicom_files(pair))
    _require_number(pair, slices[0])
    label = read_label_values(pair.label)
    grid = Grid(shape=_shape(slices), affine=tuple(map(tuple, affine(slices).tolist())))
    _require_label(pair, label, grid)
    voxels = read_hounsfield(slices)
    rows_mm, columns_mm = slices[0].pixel_spacing
    alignment = Alignment(voxels, label, (columns_mm, rows_mm))
    if is_checked:
        _require_published_count(pair, label)
        _require_alignment(pair, slices, alignment)
    fit = alignment.fit()
    image_name, label_name = _names(pair.case)
    record.forget(pair.case)
    write_placed(out / image_name, voxels, grid.affine)
    write_labels(out / label_name, label, grid)
    return {
        "series": slices[0].series,
        "shape": list(grid.shape),
        "spacing_mm": [round(float(length), 6) for length in grid.spacing],
        "organ_voxels": int(np.count_nonzero(label)),
        "organ_mean_hu": round(fit.mean_hu, 2),
        "organ_contrast_hu": round(fit.contrast_hu, 2),
        "is_checked": is_checked,
        "versions": _versions(),
    }


def _shape(slices: Collection[SliceHeader]) -> tuple[int, int, int]:
    rows, columns = next(iter(slices)).size
    return columns, rows, len(slices)


def _dicom_files(pair: Pair) -> list[Path]:
    """Return the files that are DICOM, or claim it, and tell of others."""
    suffix = _DICOM_SUFFIX
    chosen = [path for path in pair.files if path.suffix.lower() == suffix or is_dicom(path)]
    if others := sorted(set(pair.files) - set(chosen)):
        _log.info(
            "case %s: %d files are no DICOM files, e.g. %s", pair.case, len(others), others[0]
        )
    return chosen


def _require_number(pair: Pair, header: SliceHeader) -> None:
    """Refuse a scan that lies in another one's folder."""
    expected, found = f"PANCREAS_{pair.case}", header.patient.upper()
    if found.startswith("PANCREAS_") and found != expected:
        raise UserError(f"{header.path}: expected PatientID {expected}, found {header.patient}")


def _require_label(pair: Pair, label: NDArray[np.uint8], grid: Grid) -> None:
    """Refuse a label of another shape or with other values than 0 and 1."""
    if label.shape != grid.shape:
        raise UserError(
            f"{pair.label}: expected the shape of the scan, {grid.shape} (columns, rows, slices), "
            f"found {label.shape}; is it another scan's label, or is a slice missing at the end of "
            f"{pair.files[0].parent}?"
        )
    highest = int(label.max())
    if highest != 1:
        found = "no labelled voxel" if highest == 0 else f"values {np.unique(label).tolist()}"
        raise UserError(f"{pair.label}: expected the values 0 and 1, found {found}")


def _require_published_count(pair: Pair, label: NDArray[np.uint8]) -> None:
    """Compare with the published label, where it can be that one."""
    expected = ORGAN_VOXELS.get(pair.number)
    found = int(np.count_nonzero(label))
    if expected is not None and label.shape[:2] == PLANE and found != expected:
        raise UserError(
            f"{pair.label}: expected {expected} labelled voxels, as in the published label "
            f"{pair.number}, found {found}; fetch it again, or if it is another label on purpose, "
            f"call with --unchecked {pair.number}"
        )


def _require_alignment(pair: Pair, slices: tuple[SliceHeader, ...], alignment: Alignment) -> None:
    """Refuse a label that does not lie on the organ."""
    if problem := alignment.problem():
        raise UserError(
            f"{pair.label} does not lie on the pancreas of {slices[0].path.parent}: {problem}. "
            "Fetch both as published: labels must not be turned, nor scans converted. If you "
            f"looked at both and they fit, call with --unchecked {pair.number}"
        )


def _versions() -> dict[str, str]:
    libraries = ("nibabel", "numpy", "pydicom")
    return {"ssl_seg": ssl_seg.__version__, **{name: version(name) for name in libraries}}
