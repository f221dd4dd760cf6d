"""How the frames of a film become a data set on disk."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from PIL import Image

from ssl_seg.catalog.catalog import DataSet
from ssl_seg.phantoms.film import Frame


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Layout:
    """Where images and labels lie, which ids the labels hold, and who reads them.

    Attributes:
        name: What a config calls it.
        ids: The id of every kind of thing in a street.
        splits: What the folder of each split of a film is called.
        image: Path of an image below the root, with `{split}`, `{city}` and `{key}` to fill in.
        label: Path of its label file, a PNG.
        palette: The colour of every id from 0 on, RGB in 0..255, stored in the label files; with
            none they are grey.
        data_set: Reads what was written, given `data_root` and the names of folders as `split`.
    """

    name: str
    ids: Mapping[str, int]
    splits: Mapping[str, str]
    image: str
    label: str
    palette: Sequence[tuple[int, int, int]] = ()
    data_set: Callable[..., DataSet]

    def write(self, root: Path, split: str, frame: Frame) -> None:
        """Write the picture and the labels of one frame.

        Args:
            root: The data set's folder.
            split: `train` or `val`.
            frame: Its labels are in this layout's ids.
        """
        labels = Image.fromarray(frame.labels)
        if self.palette:
            labels.putpalette([channel for colour in self.palette for channel in colour])
        names = {"split": self.splits[split], "city": frame.city, "key": frame.key}
        _save(root / self.image.format(**names), Image.fromarray(frame.picture))
        _save(root / self.label.format(**names), labels)

    def reader(self, root: Path, splits: Sequence[str]) -> DataSet:
        """Return what reads the given splits below a root."""
        return self.data_set(data_root=root, split=[self.splits[split] for split in splits])


def _save(path: Path, picture: Image.Image) -> None:
    """Write a picture in the format that its name tells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # For JPEG; PNG has no such options. Colour at half the resolution, which is usual, would smear
    # what is a pixel or two wide.
    picture.save(path, quality=95, subsampling=0)
