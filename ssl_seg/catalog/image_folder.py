"""A folder of images, with or without masks."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import final

from ssl_seg.catalog.assemble import Entry, assemble
from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.groups import folder_groups, group_pattern, pattern_groups
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.listing import Listing, case_id, endings
from ssl_seg.catalog.mask_numbering import numbered_values
from ssl_seg.catalog.space_file import IGNORE
from ssl_seg.registry import DATASETS

_log = logging.getLogger(__name__)


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
        ValueError: an argument cannot be right.
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
        self.images = Path(data_root, images)
        self.masks = None if masks is None else Path(data_root, masks)
        self.image_suffixes = (
            (image_suffix,) if isinstance(image_suffix, str) else tuple(image_suffix)
        )
        self.mask_suffix = mask_suffix
        self.list_file = None if list_file is None else Path(data_root, list_file)
        self.group = None if group is None else group_pattern(group)
        if self.images == self.masks and mask_suffix in self.image_suffixes:
            raise ValueError(
                f"images and masks are in one folder and both end in {mask_suffix!r}; name "
                "suffixes that tell them apart"
            )

    def read(self, index: DigestIndex) -> Catalog:
        """Find and check all files."""
        listing = Listing.of(self.images, "<images>/<any folders>/<case><image_suffix>")
        if self.images == self.masks:
            listing = _without(listing, self.mask_suffix)
        images = listing.images(*self.image_suffixes)
        self._tell_others(listing)
        masks = self._masks(images)
        groups = folder_groups(images) if self.group is None else pattern_groups(images, self.group)
        entries = [
            Entry(case, path, masks.get(case), groups[case]) for case, path in images.items()
        ]
        return assemble("ImageFolder", self.values, entries, index, list_file=self.list_file)

    def _masks(self, images: Mapping[str, str]) -> dict[str, str]:
        if self.masks is None:
            return {}
        listing = Listing.of(
            self.masks, "<masks>/<any folders>/<case><mask_suffix>, or masks=None for images alone"
        )
        masks = listing.by_id(self.mask_suffix)
        example = next(iter(images))
        if images.keys().isdisjoint(masks):
            raise ValueError(
                f"{listing.folder}: no mask belongs to any image; for the case {example!r} "
                f"expected '{example}{self.mask_suffix}', "
                f"{listing.contents()}; set mask_suffix, or masks=None for images alone"
            )
        if alone := [case for case in masks if case not in images]:
            _log.warning(
                "%s: %d masks have no image and are left out, e.g. %s",
                listing.folder,
                len(alone),
                alone[0],
            )
        return masks

    def _tell_others(self, listing: Listing) -> None:
        others = [name for name in listing.files if case_id(name, self.image_suffixes) is None]
        if others:
            _log.info(
                "%s: left out %d files that are no images by their suffix: %s",
                listing.folder,
                len(others),
                endings(others),
            )


def _without(listing: Listing, suffix: str) -> Listing:
    kept = tuple(name for name in listing.files if case_id(name, (suffix,)) is None)
    return Listing(listing.folder, kept)
