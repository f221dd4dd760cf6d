"""Made-up street scenes and CT volumes as data sets: drawn when they are first read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import final

from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.splits import chosen_splits
from ssl_seg.core.errors import UserError
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
        UserError: an argument is out of its range; the message starts with its name.
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
        from ssl_seg.phantoms.film import Film  # noqa: PLC0415 - draws with OpenCV
        from ssl_seg.phantoms.street import layout_named  # noqa: PLC0415

        self._root = Path(data_root)
        self._layout = layout_named(layout)
        splits = chosen_splits(split, tuple(self._layout.splits))
        self._reader = self._layout.reader(self._root, splits)
        self._film = Film(look=look, train=train, val=val, frames=frames, size=size, seed=seed)

    def read(self, index: DigestIndex) -> Catalog:
        """Draw the scenes unless they are there, and read them as the real data set is read."""
        from ssl_seg.phantoms.street import write_street  # noqa: PLC0415 - draws with OpenCV

        write_street(self._root, self._film, self._layout)
        return self._reader.read(index)


@DATASETS.register_module()
@final
class OrganPhantoms:
    """Made-up CT of the belly in the layout of the Medical Segmentation Decathlon.

    Classes are ``background`` and ``pancreas``; a mass in the organ counts as pancreas. Every case
    is a group of its own. Another number of training cases shows the same test cases, and the
    other way round.

    Args:
        data_root: where they are drawn to; what was drawn with the same settings is used again,
            and what was drawn with others is replaced.
        split: ``train``, ``test``, or both.
        look: ``source`` (thin slices) or ``target`` (thick and noisy ones of a narrower field, in
            another phase of the contrast agent, with a mass in every organ).
        train: number of training cases.
        test: number of test cases; their labels are written too.
        size: number of columns, rows and slices; None for (64, 64, 40) as ``source`` and
            (64, 64, 24) as ``target``.
        seed: at least 0; another seed draws other bodies.

    Raises:
        UserError: an argument is out of its range; the message starts with its name.
    """

    def __init__(
        self,
        *,
        data_root: str,
        split: str | Sequence[str] = "train",
        look: str = "source",
        train: int = 12,
        test: int = 6,
        size: tuple[int, int, int] | None = None,
        seed: int = 0,
    ) -> None:
        from ssl_seg.catalog.msd import MSD  # noqa: PLC0415 - reads with nibabel
        from ssl_seg.phantoms.organ.cohort import Cohort  # noqa: PLC0415 - draws with NumPy

        self._root = Path(data_root)
        splits = chosen_splits(split, ("train", "test"))
        self._cohort = Cohort(look=look, train=train, test=test, size=size, seed=seed)
        if "test" in splits and not test:
            raise UserError("test: expected at least 1, as the split 'test' is asked for, got 0")
        list_file = f"{splits[0]}.txt" if len(splits) == 1 else None
        self._reader = MSD(data_root=self._root, list_file=list_file)

    def read(self, index: DigestIndex) -> Catalog:
        """Draw the volumes unless they are there, and read them as the real data set is read."""
        from ssl_seg.phantoms.organ import data_folder, msd_layout  # noqa: PLC0415 - nibabel

        data_folder.write_organ(self._root, self._cohort, msd_layout.MSD)
        return self._reader.read(index)
