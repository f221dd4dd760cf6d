"""Made-up streets on disk: a film in a layout, beside `phantom.json`, which tells its settings."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

from ssl_seg.core.errors import UserError
from ssl_seg.phantoms.cityscapes_layout import CITYSCAPES
from ssl_seg.phantoms.film import CITIES, Film, shoot
from ssl_seg.phantoms.layout import Layout
from ssl_seg.phantoms.mapillary_layout import MAPILLARY
from ssl_seg.phantoms.published import publish_phantom
from ssl_seg.registry import suggestion

_LAYOUTS: Final = {layout.name: layout for layout in (CITYSCAPES, MAPILLARY)}
_FORMAT: Final = 2
"""Raised whenever equal settings draw other pictures: old folders are then drawn anew."""


def layout_named(name: str) -> Layout:
    """Return a layout.

    Raises:
        UserError: None has this name.
    """
    if name not in _LAYOUTS:
        raise UserError(f"layout: no layout is named {name!r}{suggestion(str(name), _LAYOUTS)}")
    return _LAYOUTS[name]


def write_street(root: Path, film: Film, layout: Layout) -> None:
    """Write a made-up data set, whole or not at all.

    A folder that holds it already is left as it is; a phantom of other settings is replaced.

    Args:
        root: The folder to make.
        film: What is drawn.
        layout: How it is written.

    Raises:
        UserError: `root` exists and holds something else, which is never deleted.
    """
    marker = {"format": _FORMAT, "layout": layout.name, **asdict(film)}
    publish_phantom(root, marker, lambda staging: _write_all(staging, film, layout))


def _write_all(root: Path, film: Film, layout: Layout) -> None:
    """Write the pictures and labels of every split."""
    for split in CITIES:
        for frame in shoot(film, split, layout.ids):
            layout.write(root, split, frame)
