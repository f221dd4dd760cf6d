"""How a stage reads its images, and where it keeps what it has made of them."""

from __future__ import annotations

from pathlib import Path

from ssl_seg.core.stage_config import LabelConfig, TrainConfig
from ssl_seg.media.by_name import MEDIA
from ssl_seg.media.reader import Reader
from ssl_seg.store.store import Store


def reader_of(config: TrainConfig | LabelConfig, store: Store) -> Reader:
    """Return the reader of a stage's images.

    Args:
        config: of the stage; ``cache_dir`` names a folder that work dirs may share.
        store: whose work dir has a cache of its own otherwise.
    """
    shared = config.neutral.cache_dir
    folder = store.work_dir / "cache" if shared is None else Path(shared).expanduser()
    return MEDIA[config.medium].reader(folder, slice_spacing=config.slice_spacing)
