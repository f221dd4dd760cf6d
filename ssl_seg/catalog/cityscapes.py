"""Cityscapes: street scenes of 50 cities in 19 classes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import final

from ssl_seg.catalog.assemble import Entry, assemble
from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.listing import Listing
from ssl_seg.catalog.space_file import shipped_values
from ssl_seg.catalog.splits import chosen_splits
from ssl_seg.core.errors import UserError
from ssl_seg.registry import DATASETS, suggestion

_LAYOUT = (
    "leftImg8bit/<split>/<city>/<city>_<sequence>_<frame>_leftImg8bit.png and "
    "gtFine/<split>/<city>/<city>_<sequence>_<frame>_gtFine_labelTrainIds.png (or _labelIds.png)"
)

_FOLDERS = {"fine": "gtFine", "coarse": "gtCoarse"}

_LABELED_SPLITS = {"fine": ("train", "val"), "coarse": ("train", "val", "train_extra")}
"""The fine test labels hold the own car and the image border only; they are no truth."""

_CORRUPT = "troisdorf/troisdorf_000000_000073"
"""A frame of train_extra that was published all black."""

_KINDS = ("labelTrainIds", "labelIds")
"""Label files in the order of preference: class numbers, or the 34 original ids."""

_log = logging.getLogger(__name__)


@DATASETS.register_module()
@final
class Cityscapes:
    """Frames of 18 cities in train, 3 in val, 6 in test, 23 in train_extra.

    The case id is ``<city>/<city>_<sequence>_<frame>``. The group is the city: where each frame has
    a sequence number of its own, neighbouring numbers are still stops of one drive, and the
    published parts are divided by city too.

    Args:
        data_root: folder with ``leftImg8bit``, and ``gtFine`` or ``gtCoarse``.
        split: ``train``, ``val``, ``test``, ``train_extra``, or several of them.
        labels: ``fine``, ``coarse``, or ``None`` for images alone. Label files named
            ``labelTrainIds`` are read where they cover all frames that have a label, else the
            published ``labelIds``.
        list_file: keeps the cases that this file lists; relative to ``data_root``.
    """

    def __init__(
        self,
        *,
        data_root: str | Path,
        split: str | Sequence[str] = "train",
        labels: str | None = "fine",
        list_file: str | None = None,
    ) -> None:
        if labels is not None and labels not in _FOLDERS:
            raise UserError(
                f"labels: expected 'fine', 'coarse' or None, got {labels!r}"
                + suggestion(str(labels), _FOLDERS)
            )
        self.root = Path(data_root)
        self.splits = chosen_splits(split, ("train", "val", "test", "train_extra"))
        self.labels = labels
        self.list_file = None if list_file is None else self.root / list_file

    def read(self, index: DigestIndex) -> Catalog:
        """Find and check all files."""
        images = [self._images(split) for split in self.splits]
        labels: dict[str, dict[str, str]] = {kind: {} for kind in _KINDS}
        for split in self.splits:
            for kind, found in self._labels(split).items():
                labels[kind] |= found
        kind = self._covering(labels)
        return assemble(
            f"Cityscapes {'+'.join(self.splits)}",
            shipped_values("cityscapes", kind),
            [entry for part in images for entry in _entries(part, labels[kind])],
            index,
            list_file=self.list_file,
        )

    def _images(self, split: str) -> dict[str, str]:
        listing = Listing.of(self.root / "leftImg8bit" / split, _LAYOUT)
        images = listing.images("_leftImg8bit.png")
        if split == "train_extra" and _CORRUPT in images:
            del images[_CORRUPT]
            _log.info("%s: left out %s, which was published all black", listing.folder, _CORRUPT)
        return images

    def _labels(self, split: str) -> Mapping[str, dict[str, str]]:
        if self.labels is None or split not in _LABELED_SPLITS[self.labels]:
            return {}
        folder = _FOLDERS[self.labels]
        listing = Listing.of(
            self.root / folder / split, f"{_LAYOUT}, or labels=None for images alone"
        )
        return {kind: listing.by_id(f"_{folder}_{kind}.png") for kind in _KINDS}

    def _covering(self, labels: Mapping[str, Mapping[str, str]]) -> str:
        labeled = {frame for found in labels.values() for frame in found}
        for kind in _KINDS:
            if labels[kind].keys() == labeled:
                return kind
        first, second = _KINDS
        raise UserError(
            f"{self.root}: neither {first} nor {second} files cover all labeled frames; e.g. "
            f"{min(labeled - labels[first].keys())} has no {first} and "
            f"{min(labeled - labels[second].keys())} no {second}; complete one kind"
        )


def _entries(images: Mapping[str, str], labels: Mapping[str, str]) -> Iterator[Entry]:
    for frame, image in images.items():
        yield Entry(frame, image, labels.get(frame), group=PurePosixPath(frame).parts[0])
