"""Cityscapes' label files in train ids, as tools other than this project read them.

They are 8-bit grey PNGs beside the published files: class numbers 0 to 18, and 255 for pixels of no
class.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import cv2

from ssl_seg.catalog.class_mapping_file import open_map
from ssl_seg.catalog.index import raise_problems
from ssl_seg.catalog.listing import Listing
from ssl_seg.catalog.space_file import shipped_values
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelValues
from ssl_seg.media.pictures.masks import read_truth
from ssl_seg.store import atomic

LABELS = ("fine", "coarse")
"""Cityscapes is labeled twice, in a folder for each: gtFine, gtCoarse."""

_PUBLISHED, _WRITTEN = "labelIds.png", "labelTrainIds.png"

# Decoding lets other threads run, and forcing files to disk is waiting.
_THREADS = 8
_FILES_PER_LINE = 500

_log = logging.getLogger(__name__)

Item = TypeVar("Item")
Done = TypeVar("Done")


def label_files(root: Path, labels: str) -> dict[Path, Path]:
    """Find the published label files of all parts, and say where their train ids belong.

    Args:
        root: of Cityscapes, as published.
        labels: one of `LABELS`.

    Returns:
        For each file of label ids, in order, that of train ids, which need not be there.

    Raises:
        UserError: there is no folder of labels, or no label file in it.
    """
    folder = f"gt{labels.capitalize()}"
    ending = f"_{folder}_{_PUBLISHED}"
    layout = f"{folder}/<part>/<city>/<city>_<sequence>_<frame>{ending}"
    listing = Listing.of(root / folder, layout)
    published = [Path(path) for path in listing.by_id(ending).values()]
    if not published:
        raise UserError(
            f"{listing.folder}: no label file found: no file name ends in {ending!r}; "
            f"{listing.contents()}. The layout is {layout}"
        )
    return {path: path.with_name(path.name[: -len(_PUBLISHED)] + _WRITTEN) for path in published}


def write_train_ids(files: Mapping[Path, Path]) -> None:
    """Write files of train ids, after all published files have been checked.

    Args:
        files: as `label_files` returns them, or some of them.

    Raises:
        UserError: published files are no masks or hold ids that Cityscapes does not have;
            names the first few. Nothing is written then.
    """
    ids = open_map("cityscapes_ids_to_cityscapes", Path())
    values = ids.applied_to(shipped_values("cityscapes_ids", "labelIds"))
    found = _for_each(lambda path: _problem(path, values), files, "checked")
    raise_problems([problem for problem in found if problem])
    for _ in _for_each(lambda pair: _write(*pair, values), files.items(), "wrote"):
        pass


def _problem(published: Path, values: LabelValues) -> str | None:
    try:
        read_truth(published, values)
    except UserError as error:
        return str(error)
    return None


def _write(published: Path, target: Path, values: LabelValues) -> None:
    encoded = cv2.imencode(".png", read_truth(published, values))[1]
    atomic.write_bytes(target, encoded.tobytes())


def _for_each(work: Callable[[Item], Done], items: Iterable[Item], told: str) -> Iterator[Done]:
    """Do some work with all items in threads, and log now and then how far it is."""
    listed = list(items)
    pool = ThreadPoolExecutor(_THREADS)
    try:
        for number, done in enumerate(pool.map(work, listed), start=1):
            yield done
            if number % _FILES_PER_LINE == 0 or number == len(listed):
                _log.info("%s %d of %d label files", told, number, len(listed))
    finally:
        pool.shutdown(cancel_futures=True)
