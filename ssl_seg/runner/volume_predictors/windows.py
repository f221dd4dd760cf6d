"""Windows: what the pipeline makes of a volume's slices and their neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, final

from mmcv.transforms import Compose

from ssl_seg.core.errors import UserError
from ssl_seg.core.views import View
from ssl_seg.data import slice_transforms  # noqa: F401 - registers the transforms
from ssl_seg.media.volumes.cache import CachedImage
from ssl_seg.media.volumes.cut import Place, cut_of
from ssl_seg.registry import TRANSFORMS


@final
class Windows:
    """The windows of one view of a volume, one for each slice.

    Args:
        transform: the pipeline.
        volume: with the view's slices in its cache.
        view: along which it is cut.
    """

    def __init__(self, transform: Compose, volume: CachedImage, view: View) -> None:
        self._transform = transform
        self._volume = volume
        self.view = view
        self.cut = cut_of(view, volume.grid)
        self.count, *size = volume.slices(view).shape
        self.size = (size[0], size[1])

    def place(self, place: Place) -> Place:
        """Return a place (z, y, x) of the volume as slices, rows and columns of the view."""
        return self.cut.place(place, (self.count, *self.size))

    def __getitem__(self, number: int) -> Any:
        """Read a window through the pipeline.

        Raises:
            UserError: the pipeline drops it.
        """
        name = f"{self._volume.path}[{self.view} {number}]"
        packed = self._transform(
            {
                "volume": self._volume,
                "view": self.view,
                "slice": number,
                "img_path": name,
                "reduce_zero_label": False,
                "seg_fields": [],
            }
        )
        if packed is None:
            raise UserError(f"the test pipeline returned nothing for {name}")
        return packed

    def batches(self, size: int) -> Iterator[list[Any]]:
        """Read all windows in order, some neighbours at a time."""
        for start in range(0, self.count, size):
            stop = min(start + size, self.count)
            yield [self[number] for number in range(start, stop)]


def built_pipeline(pipeline: Sequence[Mapping[str, Any]]) -> Compose:
    """Build the transforms of a test pipeline."""
    return Compose([TRANSFORMS.build(dict(step)) for step in pipeline])
