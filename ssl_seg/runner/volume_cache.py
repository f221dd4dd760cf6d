"""Where a stage keeps the slices of volumes."""

from __future__ import annotations

from pathlib import Path

from ssl_seg.core.stage_config import LabelConfig, TrainConfig
from ssl_seg.media.volumes.cache import VolumeCache
from ssl_seg.media.volumes.working_grid import WorkingGrid
from ssl_seg.store.store import Store


def volume_cache(
    config: TrainConfig | LabelConfig, store: Store, folder: Path | None = None
) -> VolumeCache | None:
    """Return the cache of volumes that a stage works with; ``None`` where it works with images.

    Args:
        config: of the stage; ``cache_dir`` names a folder that work dirs may share.
        store: whose work dir has a cache of its own otherwise.
        folder: another folder instead.
    """
    if config.medium != "volumes":
        return None
    if folder is None:
        shared = config.neutral.cache_dir
        folder = store.work_dir / "cache" if shared is None else Path(shared).expanduser()
    return VolumeCache(folder, WorkingGrid(config.slice_spacing))
