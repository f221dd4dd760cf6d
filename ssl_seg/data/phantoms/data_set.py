"""Made-up street scenes as a data set: drawn when they are first read."""

from __future__ import annotations

from pathlib import Path
from typing import final

from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.cityscapes import Cityscapes
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.registry import DATASETS


@DATASETS.register_module()
@final
class StreetPhantoms:
    """Made-up street scenes in Cityscapes' layout and label space.

    Args:
        data_root: where they are drawn to; what was drawn with the same settings is used again.
        split: ``train`` or ``val``.
        look: ``source`` or ``target``.
        train: number of training frames.
        val: number of validation frames.
        frames: number of frames in a sequence.
        size: width and height in pixels.
        seed: another seed draws other cities and streets.
    """

    def __init__(
        self,
        *,
        data_root: str,
        split: str = "train",
        look: str = "source",
        train: int = 80,
        val: int = 60,
        frames: int = 2,
        size: tuple[int, int] = (128, 64),
        seed: int = 0,
    ) -> None:
        self._root = Path(data_root)
        self._split = split
        self._settings = (look, train, val, frames, size, seed)

    def read(self, index: DigestIndex) -> Catalog:
        """Draw the scenes unless they are there, and read them as Cityscapes is read."""
        from ssl_seg.data.phantoms.street import write_street  # noqa: PLC0415 - draws with OpenCV

        look, train, val, frames, size, seed = self._settings
        write_street(
            self._root, look=look, train=train, val=val, frames=frames, size=size, seed=seed
        )
        return Cityscapes(data_root=str(self._root), split=self._split).read(index)
