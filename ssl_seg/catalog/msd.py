"""The Medical Segmentation Decathlon (MSD): any of its tasks."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import final

from ssl_seg.catalog.assemble import Entry, assemble
from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.contiguous_folds import FoldPart
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.listing import Listing, case_id
from ssl_seg.catalog.msd_task import TUMOUR_AS, Listed, Task
from ssl_seg.catalog.splits import chosen_splits
from ssl_seg.core.errors import UserError
from ssl_seg.media.by_name import VOLUMES
from ssl_seg.media.volumes.facts import SUFFIXES
from ssl_seg.registry import DATASETS, suggestion

_SUMMARY = "dataset.json"
_LAYOUT = f"{_SUMMARY} with imagesTr, labelsTr and imagesTs, as a task's archive unpacks"

_log = logging.getLogger(__name__)


@DATASETS.register_module()
@final
class MSD:
    """Volumes that a task's ``dataset.json`` lists; images of one channel only.

    The case id is the image's name without suffix; each case is a group of its own. The label space
    is named after the task (``msd_hippocampus``) and has its classes. In Task07, cancer lies in the
    pancreas and counts as the option ``tumour`` says.

    Args:
        data_root: folder of one task, with ``dataset.json``.
        split: ``training``, ``test`` (published without labels), or both.
        part: ``train`` or ``test`` of one fold of the labeled cases, by contiguous blocks of the
            sorted cases (after ``list_file``); ``None`` for all cases.
        fold: that ``part='test'`` holds and ``part='train'`` leaves out, counted from 0.
        folds: number of folds.
        tumour: Task07 only: cancer counts as ``organ``, as ``background``, is of no class
            (``ignore``), or is a class of its own (``None``).
        labeled: ``False`` for images alone; no label file is opened.
        list_file: keeps the cases that this file lists; relative to ``data_root``.

    Raises:
        UserError: an argument cannot be right; the message starts with its name.
    """

    def __init__(
        self,
        *,
        data_root: str | Path,
        split: str | Sequence[str] = "training",
        part: str | None = None,
        fold: int = 0,
        folds: int = 4,
        tumour: str | None = "organ",
        labeled: bool = True,
        list_file: str | None = None,
    ) -> None:
        if tumour is not None and tumour not in TUMOUR_AS:
            raise UserError(
                f"tumour: expected 'organ', 'background', 'ignore' or None, got {tumour!r}"
                + suggestion(str(tumour), TUMOUR_AS)
            )
        self.root = Path(data_root)
        self.splits = chosen_splits(split, ("training", "test"))
        self.part = FoldPart.chosen(part, fold, folds)
        if self.part and self.splits != ("training",):
            raise UserError(
                "part: folds divide the labeled cases, and those of split='test' have no labels; "
                "use split='training', or part=None"
            )
        self.tumour = tumour
        self.labeled = labeled
        self.list_file = None if list_file is None else self.root / list_file

    def read(self, index: DigestIndex) -> Catalog:
        """Find and check all files."""
        listing = Listing.of(self.root, _LAYOUT)
        if _SUMMARY not in listing.files:
            raise UserError(
                f"{listing.folder}: there is no {_SUMMARY}; expected the layout {_LAYOUT}; "
                f"{listing.contents()}. Other folders of volumes can be read as VolumeFolder"
            )
        task = Task.read(Path(listing.folder, _SUMMARY))
        if not task.has_tumour_option and self.tumour in ("background", "ignore"):
            raise UserError(
                f"tumour: only Task07 (background, pancreas, cancer) has this option, and "
                f"{listing.folder} is {task.name!r} with the classes "
                f"{', '.join(name for _, name in task.classes)}; leave it out"
            )
        cases = self._listed(task)
        _tell_differences(listing, cases)
        return assemble(
            f"MSD {task.name} {'+'.join(self.splits)}",
            task.values(self.tumour),
            list(_entries(listing, cases)),
            index,
            medium=VOLUMES,
            list_file=self.list_file,
            part=self.part,
        )

    def _listed(self, task: Task) -> list[Listed]:
        parts = {"training": task.training, "test": task.test}
        cases = [case for split in self.splits for case in parts[split]]
        if not cases:
            raise UserError(
                f"{self.root / _SUMMARY}: it lists no case as {' or '.join(self.splits)}"
            )
        return cases if self.labeled else [Listed(case.id, case.image, None) for case in cases]


def _entries(listing: Listing, cases: Iterable[Listed]) -> Iterator[Entry]:
    there = set(listing.files)
    for case in cases:
        label = f"{listing.folder}/{case.label}" if case.label in there else None
        yield Entry(case.id, f"{listing.folder}/{case.image}", label, group=case.id)


def _tell_differences(listing: Listing, cases: Sequence[Listed]) -> None:
    """Tell what is listed and not there, and what is there and not listed."""
    listed = [path for case in cases for path in (case.image, case.label) if path]
    there = set(listing.files)
    _tell(
        listing, "%s: %d files that dataset.json lists are not there, e.g. %s", set(listed) - there
    )
    folders = {PurePosixPath(path).parent for path in listed}
    volumes = {
        name for name in there if PurePosixPath(name).parent in folders and case_id(name, SUFFIXES)
    }
    _tell(
        listing,
        "%s: %d files that dataset.json does not list are left out, e.g. %s",
        volumes - set(listed),
    )


def _tell(listing: Listing, message: str, names: set[str]) -> None:
    if names:
        _log.warning(message, listing.folder, len(names), min(names))
