"""Images below one folder, masks of the same relative names below another."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ssl_seg.catalog.assemble import Entry
from ssl_seg.catalog.groups import folder_groups, pattern_groups
from ssl_seg.catalog.listing import Listing, case_id, endings
from ssl_seg.core.errors import UserError

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FolderPair:
    """A user's own data, of pictures or of volumes.

    Attributes:
        images: folder of the images; folders below it are read too.
        masks: folder of the masks; ``None`` for images alone.
        image_suffixes: endings of image names, in any case.
        mask_suffix: ending of mask names.
        key: what the config calls the folder of masks, in the plural: ``masks`` or ``labels``.

    Raises:
        UserError: images and masks are in one folder and cannot be told apart.
    """

    images: Path
    masks: Path | None
    image_suffixes: tuple[str, ...]
    mask_suffix: str
    key: str

    def __post_init__(self) -> None:
        alike = [one for one in self.image_suffixes if one.endswith(self.mask_suffix)]
        if self.images == self.masks and alike:
            raise UserError(
                f"images and masks are in one folder and both end in {self.mask_suffix!r}; name "
                "suffixes that tell them apart"
            )

    def entries(self, group: re.Pattern[str] | None) -> list[Entry]:
        """Find the files of all cases, in natural order of their ids.

        A case's id is its image's path below the images folder without the suffix.

        Args:
            group: finds a case's group in its id; by default the folder of the image where there
                are several folders, else each case is a group of its own.

        Raises:
            UserError: a folder is missing, there are no images, or no mask belongs to any.
        """
        listing = Listing.of(self.images, "<images>/<any folders>/<case><image_suffix>")
        if self.images == self.masks:
            listing = _without(listing, self.mask_suffix)
        images = listing.images(*self.image_suffixes)
        self._tell_others(listing)
        masks = self._masks(images)
        groups = folder_groups(images) if group is None else pattern_groups(images, group)
        return [Entry(case, path, masks.get(case), groups[case]) for case, path in images.items()]

    def _masks(self, images: Mapping[str, str]) -> dict[str, str]:
        if self.masks is None:
            return {}
        suffix, alone = f"{self.key[:-1]}_suffix", f"{self.key}=None for images alone"
        listing = Listing.of(self.masks, f"<{self.key}>/<any folders>/<case><{suffix}>, or {alone}")
        masks = listing.by_id(self.mask_suffix)
        example = next(iter(images))
        if images.keys().isdisjoint(masks):
            raise UserError(
                f"{listing.folder}: no mask belongs to any image; for the case {example!r} "
                f"expected '{example}{self.mask_suffix}', "
                f"{listing.contents()}; set {suffix}, or {alone}"
            )
        if strays := [case for case in masks if case not in images]:
            _log.warning(
                "%s: %d masks have no image and are left out, e.g. %s",
                listing.folder,
                len(strays),
                strays[0],
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
