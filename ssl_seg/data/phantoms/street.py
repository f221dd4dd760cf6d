"""Made-up streets on disk: a film in a layout, beside `phantom.json`, which tells its settings."""

import json
import logging
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Final

from ssl_seg.data.phantoms.cityscapes_layout import CITYSCAPES
from ssl_seg.data.phantoms.film import CITIES, Film, shoot
from ssl_seg.data.phantoms.layout import Layout
from ssl_seg.data.phantoms.mapillary_layout import MAPILLARY
from ssl_seg.registry import suggestion

logger = logging.getLogger(__name__)

_LAYOUTS: Final = {layout.name: layout for layout in (CITYSCAPES, MAPILLARY)}
_MARKER: Final = "phantom.json"
_FORMAT: Final = 2
"""Raised whenever equal settings draw other pictures: old folders are then drawn anew."""


def layout_named(name: str) -> Layout:
    """Return a layout.

    Raises:
        ValueError: None has this name.
    """
    if name not in _LAYOUTS:
        raise ValueError(f"layout: no layout is named {name!r}{suggestion(str(name), _LAYOUTS)}")
    return _LAYOUTS[name]


def write_street(root: Path, film: Film, layout: Layout) -> None:
    """Write a made-up data set, whole or not at all.

    A folder that holds it already is left as it is; a phantom of other settings is replaced.

    Args:
        root: The folder to make.
        film: What is drawn.
        layout: How it is written.

    Raises:
        FileExistsError: If `root` exists and holds something else, which is never deleted.
    """
    marker = {"format": _FORMAT, "layout": layout.name, **asdict(film)}
    settings = json.dumps(marker, indent=2) + "\n"
    found = _read_marker(root)
    if found == settings:
        return
    if found is not None:
        logger.warning("%s holds a phantom of other settings: it is drawn anew", root)
    root.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{root.name}.", dir=root.parent))
    try:
        _write_all(staging, film, layout)
        (staging / _MARKER).write_text(settings)
        _publish(staging, root)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _read_marker(folder: Path) -> str | None:
    """Return the settings of the phantom in a folder; None where there is nothing."""
    try:
        return (folder / _MARKER).read_text()
    except FileNotFoundError:
        if folder.exists() and any(folder.iterdir()):
            msg = f"{folder} is not empty and holds no phantom (no {_MARKER}): give another folder"
            raise FileExistsError(msg) from None
        return None


def _publish(staging: Path, folder: Path) -> None:
    """Put the staged folder in its place; what stood there is removed."""
    staging.chmod(0o755)  # mkdtemp makes a folder that nobody else may read
    replaced = staging.with_name(f"{staging.name}.old")
    if folder.exists():
        folder.rename(replaced)
    staging.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)


def _write_all(root: Path, film: Film, layout: Layout) -> None:
    """Write the pictures and labels of every split."""
    for split in CITIES:
        for frame in shoot(film, split, layout.ids):
            layout.write(root, split, frame)
