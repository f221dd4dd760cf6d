"""CamVid with the 11 classes and the split of SegNet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import final

from ssl_seg.catalog.assemble import Entry, assemble
from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.listing import Listing
from ssl_seg.catalog.space_file import shipped_values
from ssl_seg.catalog.splits import chosen_splits
from ssl_seg.registry import DATASETS

_LAYOUT = (
    "images/<split>/<frame>.jpg and labels/<split>/<frame>.png, or SegNet's <split>/<frame>.png "
    "and <split>annot/<frame>.png"
)


@DATASETS.register_module()
@final
class CamVid:
    """Frames of four drives around Cambridge.

    The case id is the frame's name; its group is the drive (``0001TP``, ``0006R0``, ``0016E5``,
    ``Seq05VD``).

    Args:
        data_root: folder with ``images`` and ``labels``, or with SegNet's ``train`` and
            ``trainannot`` and so on.
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
            f"CamVid {'+'.join(self.splits)}",
            shipped_values("camvid", "labels"),
            [entry for split in self.splits for entry in self._entries(split)],
            index,
            list_file=self.list_file,
        )

    def _entries(self, split: str) -> Iterator[Entry]:
        images, masks = self.root / "images" / split, self.root / "labels" / split
        if (self.root / f"{split}annot").is_dir():
            images, masks = self.root / split, self.root / f"{split}annot"
        labels = Listing.of(masks, _LAYOUT).by_id(".png")
        for frame, image in Listing.of(images, _LAYOUT).images(".jpg", ".png").items():
            yield Entry(frame, image, labels.get(frame), group=frame.partition("_")[0])
