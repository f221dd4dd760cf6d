"""A folder of images, with or without masks."""

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
from ssl_seg.catalog.space_file import IGNORE
from ssl_seg.registry import DATASETS


@DATASETS.register_module()
@final
class ImageFolder:
    """Images below one folder, masks of the same relative names below another.

    A case's id is its image's path below the images folder without the suffix. Masks are
    single-channel images (8-bit grey or palette) of class numbers. An image without a mask is a
    case without a label.

    Args:
        data_root: folder of the data set.
        classes: names of the classes, in the order of their numbers.
        images: folder of the images, relative to ``data_root``; folders below it are read too.
        masks: folder of the masks, relative to ``data_root``; ``None`` for images alone.
        image_suffix: one or several endings of image names, in any case.
        mask_suffix: ending of mask names.
        list_file: keeps the cases that this file lists, one id per line; relative to
            ``data_root``.
        palette: one RGB colour per class; made up by default.
        values: the value of each class in the masks; 0, 1, ... by default.
        ignore: one or several values in the masks that are of no class.
        group: a regular expression with one group in brackets, which is searched in the case id
            and finds what frames of one video (or images of one place) have in common. By default
            the folder of the image where there are several folders, else each case alone.
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
        masks: str | None = "masks",
        image_suffix: str | Sequence[str] = (".jpg", ".jpeg", ".png"),
        mask_suffix: str = ".png",
        list_file: str | None = None,
        palette: Sequence[Sequence[int]] | None = None,
        values: Sequence[int] | None = None,
        ignore: int | Sequence[int] = IGNORE,
        group: str | None = None,
        space: str = "image_folder",
    ) -> None:
        self.values = numbered_values(space, classes, palette, values, ignore)
        self.files = FolderPair(
            images=Path(data_root, images),
            masks=None if masks is None else Path(data_root, masks),
            image_suffixes=(image_suffix,)
            if isinstance(image_suffix, str)
            else tuple(image_suffix),
            mask_suffix=mask_suffix,
            key="masks",
        )
        self.list_file = None if list_file is None else Path(data_root, list_file)
        self.group = None if group is None else group_pattern(group)

    def read(self, index: DigestIndex) -> Catalog:
        """Find and check all files."""
        return assemble(
            "ImageFolder",
            self.values,
            self.files.entries(self.group),
            index,
            list_file=self.list_file,
        )
