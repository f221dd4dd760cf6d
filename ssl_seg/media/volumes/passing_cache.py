"""A cache for volumes that are looked at once: it holds one of them at a time."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import final

from ssl_seg.core.case import DataFile
from ssl_seg.core.views import View
from ssl_seg.media.volumes.cache import CachedImage, VolumeCache


@final
class PassingCache(VolumeCache):
    """Removes all entries from its folder when another image is asked for.

    What was opened of the image before must not be used any more.
    """

    _present: str | None = None

    def image(self, file: DataFile, views: Sequence[View]) -> CachedImage:
        """Open an image in some views, in place of any other one."""
        if file.digest != self._present:
            self._clear()
            self._present = file.digest
        return super().image(file, views)

    def _clear(self) -> None:
        self._checked.clear()
        if self._folder.exists():
            for entry in self._folder.iterdir():
                shutil.rmtree(entry)
