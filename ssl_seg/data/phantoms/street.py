"""Made-up streets on disk, in Cityscapes' layout.

```
root/phantom.json
root/leftImg8bit/{train,val}/{city}/{city}_{sequence:06}_{frame:06}_leftImg8bit.png
root/gtFine/{train,val}/{city}/{city}_{sequence:06}_{frame:06}_gtFine_labelTrainIds.png
```
"""

import json
import logging
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ssl_seg.data.phantoms.film import CITIES, Film, Frame, shoot

logger = logging.getLogger(__name__)

TRAIN_IDS: Final[dict[str, int]] = {
    "road": 0,
    "lane marking": 0,
    "sidewalk": 1,
    "curb": 1,
    "building": 2,
    "wall": 3,
    "fence": 4,
    "pole": 5,
    "traffic light": 6,
    "traffic sign": 7,
    "vegetation": 8,
    "terrain": 9,
    "sky": 10,
    "person": 11,
    "bicyclist": 12,
    "motorcyclist": 12,
    "car": 13,
    "truck": 14,
    "bus": 15,
    "train": 16,
    "motorcycle": 17,
    "bicycle": 18,
    "ego vehicle": 255,
}
"""Cityscapes' trainId of every kind of thing in a street."""

_MARKER: Final = "phantom.json"
_FORMAT: Final = 2
"""Raised whenever equal settings draw other pictures: old folders are then drawn anew."""


def write_street(
    root: str | os.PathLike[str],
    *,
    look: str = "source",
    train: int = 80,
    val: int = 60,
    frames: int = 2,
    size: tuple[int, int] = (128, 64),
    seed: int = 0,
) -> None:
    """Write a made-up data set in Cityscapes' layout, whole or not at all.

    A folder that holds it already is left as it is; a phantom of other settings is replaced.

    Args:
        root: The folder to make.
        look: `source` or `target`.
        train: Number of training frames.
        val: Number of validation frames, from cities that training does not show.
        frames: Number of frames in a sequence.
        size: Width and height in pixels.
        seed: At least 0; another seed draws other cities and streets.

    Raises:
        FileExistsError: If `root` exists and holds something else, which is never deleted.
        ValueError: If a setting is out of its range.
    """
    film = Film(look=look, train=train, val=val, frames=frames, size=size, seed=seed)
    folder = Path(root)
    settings = json.dumps({"format": _FORMAT, **asdict(film)}, indent=2) + "\n"
    found = _read_marker(folder)
    if found == settings:
        return
    if found is not None:
        logger.warning("%s holds a phantom of other settings: it is drawn anew", folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _write_all(staging, film)
        (staging / _MARKER).write_text(settings)
        _publish(staging, folder)
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


def _write_all(root: Path, film: Film) -> None:
    """Write the pictures and labels of every split."""
    for split in CITIES:
        for frame in shoot(film, split, TRAIN_IDS):
            _write_frame(root, split, frame)


def _write_frame(root: Path, split: str, frame: Frame) -> None:
    """Write one picture and its labels."""
    stem = f"{frame.city}_{frame.sequence:06}_{frame.number:06}"
    for kind, suffix, pixels in (
        ("leftImg8bit", "leftImg8bit", frame.picture),
        ("gtFine", "gtFine_labelTrainIds", frame.labels),
    ):
        path = root / kind / split / frame.city / f"{stem}_{suffix}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_png(path, pixels)


def _write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write a grey or RGB picture."""
    Image.fromarray(np.ascontiguousarray(pixels)).save(path)
