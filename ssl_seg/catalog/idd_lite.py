"""IDD-Lite: Indian roads in 7 classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import final

from ssl_seg.catalog.assemble import Entry, assemble
from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.listing import Listing
from ssl_seg.catalog.space_file import shipped_values
from ssl_seg.catalog.splits import chosen_splits
from ssl_seg.registry import DATASETS

_LAYOUT = (
    "leftImg8bit/<split>/<drive>/<frame>_image.jpg and gtFine/<split>/<drive>/<frame>_label.png"
)


@DATASETS.register_module()
@final
class IDDLite:
    """Frames of many drives; the test part has no labels.

    The case id is ``<drive>/<frame>``; its group is the drive.

    Args:
        data_root: folder with ``leftImg8bit`` and ``gtFine``.
        split: ``train``, ``val``, ``test``, or several of them.
        list_file: keeps the cases that this file lists; relative to ``data_root``.
    """

    def __init__(
        self,
        *,
        data_root: str | Path,
        split: str | Sequence[str] = "train",
        list_file: str | None = None,
    ) -> None:
        self.root = Path(data_root)
        self.splits = chosen_splits(split, ("train", "val", "test"))
        self.list_file = None if list_file is None else self.root / list_file

    def read(self, index: DigestIndex) -> Catalog:
        """Find and check all files."""
        return assemble(
            f"IDDLite {'+'.join(self.splits)}",
            shipped_values("idd_lite", "label"),
            [entry for split in self.splits for entry in self._entries(split)],
            index,
            list_file=self.list_file,
        )

    def _entries(self, split: str) -> Iterator[Entry]:
        images = Listing.of(self.root / "leftImg8bit" / split, _LAYOUT).images("_image.jpg")
        labels: dict[str, str] = {}
        if split != "test":
            labels = Listing.of(self.root / "gtFine" / split, _LAYOUT).by_id("_label.png")
        for frame, image in images.items():
            yield Entry(frame, image, labels.get(frame), group=PurePosixPath(frame).parts[0])
