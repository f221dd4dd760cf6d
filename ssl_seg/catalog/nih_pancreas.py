"""NIH Pancreas-CT, as it is prepared from the published DICOM series."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import final

from ssl_seg.catalog.assemble import Entry, assemble
from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.contiguous_folds import FoldPart
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.listing import Listing
from ssl_seg.catalog.space_file import shipped_values
from ssl_seg.core.errors import UserError
from ssl_seg.media.by_name import VOLUMES
from ssl_seg.registry import DATASETS, suggestion

_LAYOUT = (
    "images/<number>.nii.gz and labels/<number>.nii.gz, as 'prepare_data.py nih-pancreas' writes "
    "them from the published files"
)

_CHOICES = ("all", "distinct")

_SCAN, _WITHDRAWN = "0002", ("0025", "0070")
"""A scan, and those that were withdrawn in 2020: they show the same, cropped in another way."""

_log = logging.getLogger(__name__)


@DATASETS.register_module()
@final
class NIHPancreas:
    """CT of 82 (since 2020: 80) abdomens with the pancreas labeled.

    The case id is the published number in four digits; each case is a group of its own, but 0025
    and 0070, which show the same scan as 0002, are in its group.

    Args:
        data_root: folder with ``images`` and ``labels``.
        part: ``train`` or ``test`` of one fold of the published protocol: contiguous blocks of the
            sorted cases (after ``cases`` and ``list_file``); ``None`` for all cases.
        fold: that ``test`` holds and ``train`` leaves out, counted from 0.
        folds: number of folds.
        cases: ``all`` that are there, or ``distinct``: without 0025 and 0070, which show the same
            scan as 0002.
        labeled: ``False`` for images alone; no label file is opened.
        list_file: keeps the cases that this file lists; relative to ``data_root``.

    Raises:
        UserError: an argument cannot be right; the message starts with its name.
    """

    def __init__(
        self,
        *,
        data_root: str | Path,
        part: str | None = None,
        fold: int = 0,
        folds: int = 4,
        cases: str = "all",
        labeled: bool = True,
        list_file: str | None = None,
    ) -> None:
        if cases not in _CHOICES:
            raise UserError(
                f"cases: expected 'all' or 'distinct', got {cases!r}"
                + suggestion(str(cases), _CHOICES)
            )
        self.root = Path(data_root)
        self.part = FoldPart.chosen(part, fold, folds)
        self.left_out = _WITHDRAWN if cases == "distinct" else ()
        self.labeled = labeled
        self.list_file = None if list_file is None else self.root / list_file

    def read(self, index: DigestIndex) -> Catalog:
        """Find and check all files."""
        return assemble(
            "NIHPancreas",
            shipped_values("nih_pancreas", "labels"),
            list(self._entries()),
            index,
            medium=VOLUMES,
            list_file=self.list_file,
            part=self.part,
        )

    def _entries(self) -> Iterator[Entry]:
        images = Listing.of(self.root / "images", _LAYOUT).images(".nii.gz")
        labels: dict[str, str] = {}
        if self.labeled:
            layout = f"{_LAYOUT}; or labeled=False for images alone"
            labels = Listing.of(self.root / "labels", layout).by_id(".nii.gz")
        if alone := [case for case in labels if case not in images]:
            _log.warning(
                "%s: %d labels have no image and are left out, e.g. %s",
                self.root,
                len(alone),
                alone[0],
            )
        for case, image in images.items():
            if case not in self.left_out:
                # Parts of one scan must not be parted between folds.
                group = _SCAN if case in _WITHDRAWN else case
                yield Entry(case, image, labels.get(case), group=group)
