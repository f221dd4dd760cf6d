"""Which scan belongs to which label file: the one with its number."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ssl_seg.catalog.listing import Listing
from ssl_seg.core.errors import UserError
from ssl_seg.prepare.nih_pancreas.published import WITHDRAWN

_SCAN = re.compile(r"PANCREAS_(\d{4})", re.IGNORECASE)
_LABEL = re.compile(r"label(\d{4})\.nii(\.gz)?", re.IGNORECASE)
_SCAN_LAYOUT = "[.../]PANCREAS_0001/[...]/*.dcm"
_LABEL_LAYOUT = "[.../]label0001.nii.gz"


@dataclass(frozen=True)
class Pair:
    """One case as published.

    Attributes:
        number: its number, from 1 on.
        files: all files below folders of the scan's name, in natural order.
        label: its label file.
    """

    number: int
    files: tuple[Path, ...]
    label: Path

    @property
    def case(self) -> str:
        """The number as file names hold it."""
        return f"{self.number:04}"


@dataclass(frozen=True)
class Pairs:
    """All chosen cases.

    Attributes:
        pairs: by number, ascending.
        withdrawn: numbers of label files whose scans are not published any more.
    """

    pairs: tuple[Pair, ...]
    withdrawn: tuple[int, ...]


def find_pairs(
    dicom_root: Path, labels_root: Path, numbers: Collection[int] | None = None
) -> Pairs:
    """Find scans and labels in any nesting of folders, and pair them by number.

    Args:
        dicom_root: somewhere above the folders ``PANCREAS_0001``, ...
        labels_root: somewhere above ``label0001.nii.gz``, ...
        numbers: of the cases to find; None for all.

    Raises:
        UserError: there is no scan, no label file, or not both of each case (but of those that
            were withdrawn and not asked for), or two label files have one number.
    """
    scans = _scans(Listing.of(dicom_root, _SCAN_LAYOUT))
    labels = _labels(Listing.of(labels_root, _LABEL_LAYOUT))
    withdrawn = [number for number in WITHDRAWN if number in labels and number not in scans]
    if numbers is None:
        chosen = sorted((scans.keys() | labels.keys()) - set(withdrawn))
    else:
        chosen = sorted(set(numbers))
        withdrawn = []
    _require_all(chosen, scans, f"scan (a folder {_SCAN_LAYOUT}) below {dicom_root}")
    _require_all(chosen, labels, f"label file ({_LABEL_LAYOUT}) below {labels_root}")
    pairs = tuple(Pair(number, tuple(scans[number]), labels[number]) for number in chosen)
    return Pairs(pairs, tuple(withdrawn))


def _scans(listing: Listing) -> Mapping[int, Sequence[Path]]:
    found: defaultdict[int, list[Path]] = defaultdict(list)
    for name in listing.files:
        folders = PurePosixPath(name).parts[:-1]
        number = next((int(match[1]) for match in map(_SCAN.fullmatch, folders) if match), None)
        if number is not None:
            found[number].append(Path(listing.folder, name))
    if not found:
        raise UserError(
            f"{listing.folder}: no scan found: no folder is named like PANCREAS_0001 and holds "
            f"files; {listing.contents()}"
        )
    return found


def _labels(listing: Listing) -> Mapping[int, Path]:
    found: dict[int, Path] = {}
    for name in listing.files:
        match = _LABEL.fullmatch(PurePosixPath(name).name)
        if match is None:
            continue
        number, path = int(match[1]), Path(listing.folder, name)
        if number in found:
            raise UserError(
                f"two label files have the number {number}: {found[number]} and {path}; remove one"
            )
        found[number] = path
    if not found:
        raise UserError(
            f"{listing.folder}: no label file found: none is named like label0001.nii.gz; "
            f"{listing.contents()}"
        )
    return found


def _require_all(chosen: Iterable[int], found: Collection[int], what: str) -> None:
    missing = [number for number in chosen if number not in found]
    if missing:
        gone = sorted(set(missing) & set(WITHDRAWN))
        note = f" ({', '.join(map(str, gone))}: withdrawn by the publisher)" if gone else ""
        raise UserError(
            f"no {what} for the cases {', '.join(map(str, missing))}{note}; fetch what is missing, "
            "or choose other cases by --cases"
        )
