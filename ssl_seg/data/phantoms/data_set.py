"""Made-up street scenes as a data set: drawn when they are first read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import final

from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.splits import chosen_splits
from ssl_seg.registry import DATASETS


@DATASETS.register_module()
@final
class StreetPhantoms:
    """Made-up street scenes in the layout and label space of Cityscapes or of Mapillary Vistas.

    The same settings show the same streets in both layouts; label files differ, and so do groups:
    one of all frames of a city as ``cityscapes``, one of each frame as ``mapillary``.

    Args:
        data_root: where they are drawn to; what was drawn with the same settings is used again,
            and what was drawn with others is replaced.
        split: ``train``, ``val``, or both.
        layout: ``cityscapes`` (19 classes) or ``mapillary`` (65, few of which are drawn).
        look: ``source`` or ``target``.
        train: number of training frames.
        val: number of validation frames, from cities that training does not show.
        frames: number of frames in a sequence.
        size: width and height in pixels.
        seed: at least 0; another seed draws other cities and streets.

    Raises:
        ValueError: an argument is out of its range; the message starts with its name.
    """

    def __init__(  # noqa: PLR0913 - all of them are keys of a config
        self,
        *,
        data_root: str,
        split: str | Sequence[str] = "train",
        layout: str = "cityscapes",
        look: str = "source",
        train: int = 80,
        val: int = 60,
        frames: int = 2,
        size: tuple[int, int] = (128, 64),
        seed: int = 0,
    ) -> None:
        from ssl_seg.data.phantoms.film import Film  # noqa: PLC0415 - draws with OpenCV
        from ssl_seg.data.phantoms.street import layout_named  # noqa: PLC0415

        self._root = Path(data_root)
        self._layout = layout_named(layout)
        splits = chosen_splits(split, tuple(self._layout.splits))
        self._reader = self._layout.reader(self._root, splits)
        self._film = Film(look=look, train=train, val=val, frames=frames, size=size, seed=seed)

    def read(self, index: DigestIndex) -> Catalog:
        """Draw the scenes unless they are there, and read them as the real data set is read."""
        from ssl_seg.data.phantoms.street import write_street  # noqa: PLC0415 - draws with OpenCV

        write_street(self._root, self._film, self._layout)
        return self._reader.read(index)
