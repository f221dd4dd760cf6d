"""Mapillary Vistas v1.2: street scenes from all over the world."""

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
from ssl_seg.core.errors import UserError
from ssl_seg.registry import DATASETS

_LAYOUT = (
    "<split>/images/<key>.jpg with <split>/v1.2/labels/<key>.png, as in the v2.0 zip, or "
    "<split>/labels/<key>.png, as in the older ones"
)

_NOT_V2 = (
    "Labels of Vistas v2.0 have 124 other classes, for which no map to other label spaces is "
    "agreed on; only v1.2 labels are read, which the v2.0 zip holds too, in <split>/v1.2/labels"
)


@DATASETS.register_module()
@final
class MapillaryVistas:
    """65 classes; the value 65 in the label files, Unlabeled, is the ignore value.

    The case id is the image's key. Images are single views of many people, so each is a group of
    its own. The testing part has no labels.

    Args:
        data_root: folder with ``training``, ``validation`` and ``testing``.
        split: one or several of these.
        version: of the labels; only ``1.2``, or ``None`` for images alone.
        list_file: keeps the cases that this file lists; relative to ``data_root``.

    Raises:
        UserError: another version is asked for.
    """

    def __init__(
        self,
        *,
        data_root: str | Path,
        split: str | Sequence[str] = "training",
        version: str | None = "1.2",
        list_file: str | None = None,
    ) -> None:
        if version not in ("1.2", None):
            raise UserError(f"version: expected '1.2' or None, got {version!r}. {_NOT_V2}")
        self.root = Path(data_root)
        self.splits = chosen_splits(split, ("training", "validation", "testing"))
        self.version = version
        self.list_file = None if list_file is None else self.root / list_file

    def read(self, index: DigestIndex) -> Catalog:
        """Find and check all files."""
        return assemble(
            f"MapillaryVistas {'+'.join(self.splits)}",
            shipped_values("mapillary_vistas", "labels"),
            [entry for split in self.splits for entry in self._entries(split)],
            index,
            list_file=self.list_file,
            cause=f"If they are of v2.0: {_NOT_V2[0].lower()}{_NOT_V2[1:]}",
        )

    def _entries(self, split: str) -> Iterator[Entry]:
        images = Listing.of(self.root / split / "images", _LAYOUT).images(".jpg")
        bare = self.version is None or split == "testing"
        labels = {} if bare else self._labels(split)
        for key, image in images.items():
            yield Entry(key, image, labels.get(key), group=key)

    def _labels(self, split: str) -> dict[str, str]:
        folder = self.root / split
        new, old = folder / "v1.2" / "labels", folder / "labels"
        if not (new.is_dir() or old.is_dir()) and (folder / "v2.0" / "labels").is_dir():
            raise UserError(f"{folder}: there are v2.0 labels only. {_NOT_V2}")
        layout = f"{_LAYOUT}; or version=None for images alone"
        return Listing.of(old if old.is_dir() and not new.is_dir() else new, layout).by_id(".png")
