"""The slices of volumes as samples of a training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.case import Case, LabelFile
from ssl_seg.core.fingerprint import fingerprint
from ssl_seg.core.space import LabelValues
from ssl_seg.core.views import View
from ssl_seg.media.records import MaskedCases, Masks
from ssl_seg.media.true_mask import true_mask
from ssl_seg.media.volumes.cache import CachedImage, CachedLabels, VolumeCache, require_content
from ssl_seg.media.volumes.masks import read_label_values
from ssl_seg.media.volumes.slice_filter import least_pixels


@final
class SliceRecords:
    """The slices of a source's volumes along one view; each is a sample.

    Args:
        source: the cases and their masks.
        view: along which volumes are cut.
        images: the cache of images and true masks, which outlives the stage.
        passing: the cache of other masks and of levels, which ends with the stage that learns from
            them.
    """

    def __init__(
        self, source: MaskedCases, view: View, images: VolumeCache, passing: VolumeCache
    ) -> None:
        self._source = source
        self._view = view
        self._volumes = [images.image(case.image, (view,)) for case in source.cases]
        self._images = images
        self._passing = passing
        self._labels = None if source.unlabeled else self._opened(source.masks)
        self._levels = None if source.levels is None else self._opened(source.levels)
        self._places = _places(volume.slices(view) for volume in self._volumes)

    def _opened(self, masks: Masks | None) -> list[CachedLabels]:
        pairs = zip(self._source.cases, self._volumes, strict=True)
        return [self._open(case, volume, masks) for case, volume in pairs]

    def _open(self, case: Case, volume: CachedImage, masks: Masks | None) -> CachedLabels:
        values = self._source.values
        if masks is not None:
            key, read, cache = masks.key(case), partial(masks.read, case), self._passing
        else:
            assert case.label is not None  # noqa: S101 - S has labels
            key, cache = f"{case.label.digest} {fingerprint(values.plain())}", self._images
            read = partial(_read_truth, case, case.label, values)
        ignore = values.space.ignore
        return cache.labels(key, volume.grid, read, (self._view,), ignore=ignore)

    def foreground(self) -> list[NDArray[np.int64]]:
        """Return for each labeled case how many voxels of each slice are foreground, (n,)."""
        return [labels.foreground(self._view) for labels in self._labels or ()]

    def keep(self, least: int) -> None:
        """Leave out slices with fewer voxels of foreground, as far as that is known."""
        if self._labels is None:
            return
        counts = self.foreground()
        self._places = [place for place in self._places if counts[place[0]][place[1]] >= least]

    def __len__(self) -> int:
        return len(self._places)

    def case(self, index: int) -> Case:
        """Return the case that a slice is of."""
        return self._source.cases[self._places[index][0]]

    def record(self, index: int) -> dict[str, Any]:
        """Return what the pipeline starts from."""
        case, number = self._places[index]
        record: dict[str, Any] = {
            "img_path": f"{self._volumes[case].path} [{self._view} {number}]",
            "volume": self._volumes[case],
            "view": self._view,
            "slice": number,
        }
        if self._labels is not None:
            record["volume_labels"] = self._labels[case]
        if self._levels is not None:
            record["volume_levels"] = self._levels[case]
        return record


def _read_truth(case: Case, label: LabelFile, values: LabelValues) -> NDArray[np.uint8]:
    """Read a true label that must be what its digest says: its entry outlives this run."""
    require_content(label)
    return true_mask(case, values, read_label_values)


def _places(volumes: Iterable[NDArray[Any]]) -> list[tuple[int, int]]:
    """Return case and slice of all slices, in order."""
    return [(case, number) for case, slices in enumerate(volumes) for number in range(len(slices))]


def filter_slices(sources: Sequence[SliceRecords], threshold: float) -> None:
    """Leave out slices with little foreground, by what all sources' labels say together.

    Args:
        sources: of one train stage.
        threshold: see `ssl_seg.media.volumes.slice_filter.least_pixels`.
    """
    least = least_pixels(
        [counts for source in sources for counts in source.foreground()], threshold
    )
    for source in sources:
        source.keep(least)
