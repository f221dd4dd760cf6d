"""Where a stage keeps the slices of volumes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ssl_seg.media.volumes.cache import VolumeCache
from ssl_seg.media.volumes.working_grid import WorkingGrid
from ssl_seg.store.store import Store


def volume_cache(
    recipe: Mapping[str, Any],
    settings: Mapping[str, Any],
    store: Store,
    folder: Path | None = None,
) -> VolumeCache | None:
    """Return the cache of volumes that a stage works with; ``None`` where it works with images.

    Args:
        recipe: of a train or label stage.
        settings: of the stage; ``cache_dir`` names a folder that work dirs may share.
        store: whose work dir has a cache of its own otherwise.
        folder: another folder instead.
    """
    if "slice_spacing" not in recipe:
        return None
    if folder is None:
        shared = settings["cache_dir"]
        folder = store.work_dir / "cache" if shared is None else Path(shared).expanduser()
    return VolumeCache(folder, WorkingGrid(recipe["slice_spacing"]))
