"""A folder of NIfTI volumes, with or without labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import final

from ssl_seg.catalog.assemble import assemble
from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.folder_pair import FolderPair
from ssl_seg.catalog.groups import group_pattern
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.mask_numbering import numbered_values
from ssl_seg.catalog.palette import background_palette
from ssl_seg.catalog.space_file import IGNORE
from ssl_seg.core.errors import UserError
from ssl_seg.media.by_name import VOLUMES
from ssl_seg.media.volumes.facts import SUFFIXES
from ssl_seg.registry import DATASETS


@DATASETS.register_module()
@final
class VolumeFolder:
    """Volumes below one folder, label volumes of the same relative names below another.

    A case's id is its image's path below the images folder without the suffix. Labels hold numbers
    of classes, as integers or as floats that are whole numbers, on the grid of their image. A
    volume without labels is a case without a label. The names of nnU-Net's raw data are
    ``images='imagesTr', labels='labelsTr', image_suffix='_0000.nii.gz', label_suffix='.nii.gz'``.

    Args:
        data_root: folder of the data set.
        classes: names of the classes, in the order of their numbers; the first is the background.
        images: folder of the images, relative to ``data_root``; folders below it are read too.
        labels: folder of the labels, relative to ``data_root``; ``None`` for images alone.
        image_suffix: one or several endings of image names, in any case.
        label_suffix: ending of label names.
        list_file: keeps the cases that this file lists, one id per line; relative to
            ``data_root``.
        palette: one RGB colour per class; by default the first is black and others are made up.
        values: the value of each class in the labels; 0, 1, ... by default.
        ignore: one or several values in the labels that are of no class.
        group: a regular expression with one group in brackets, which is searched in the case id
            and finds what volumes of one patient have in common. By default the folder of the
            image where there are several folders, else each case alone.
        space: name of the label space; two folders with different classes need two names.

    Raises:
        UserError: an argument cannot be right.
    """

    def __init__(  # noqa: PLR0913 - all of them are keys of a config
        self,
        *,
        data_root: str | Path,
        classes: Sequence[str],
        images: str = "images",
        labels: str | None = "labels",
        image_suffix: str | Sequence[str] = SUFFIXES,
        label_suffix: str = ".nii.gz",
        list_file: str | None = None,
        palette: Sequence[Sequence[int]] | None = None,
        values: Sequence[int] | None = None,
        ignore: int | Sequence[int] = IGNORE,
        group: str | None = None,
        space: str = "volume_folder",
    ) -> None:
        colours = background_palette(len(classes)) if palette is None else palette
        self.values = numbered_values(space, classes, colours, values, ignore)
        suffixes = (image_suffix,) if isinstance(image_suffix, str) else tuple(image_suffix)
        for key, suffix in (
            *(("image_suffix", suffix) for suffix in suffixes),
            ("label_suffix", label_suffix),
        ):
            _check_suffix(key, suffix)
        self.files = FolderPair(
            images=Path(data_root, images),
            masks=None if labels is None else Path(data_root, labels),
            image_suffixes=suffixes,
            mask_suffix=label_suffix,
            key="labels",
        )
        self.list_file = None if list_file is None else Path(data_root, list_file)
        self.group = None if group is None else group_pattern(group)

    def read(self, index: DigestIndex) -> Catalog:
        """Find and check all files."""
        return assemble(
            "VolumeFolder",
            self.values,
            self.files.entries(self.group),
            index,
            medium=VOLUMES,
            list_file=self.list_file,
        )


def _check_suffix(key: str, suffix: str) -> None:
    if not suffix.lower().endswith(SUFFIXES):
        raise UserError(
            f"{key}: expected an ending of NIfTI files, which is {' or '.join(SUFFIXES)} "
            f"with whatever stands before it, got {suffix!r}"
        )
