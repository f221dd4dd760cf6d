"""Volumes as trainings and predictors read them: slice by slice, from a cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from ssl_seg.core.views import View
from ssl_seg.media.records import MaskedCases, Records
from ssl_seg.media.volumes.cache import VolumeCache
from ssl_seg.media.volumes.slice_records import SliceRecords, filter_slices


@final
class VolumeReader:
    """Cuts volumes into slices; see `ssl_seg.media.reader.Reader`.

    Args:
        cache: of images and true masks, which outlives the stage.
    """

    def __init__(self, cache: VolumeCache) -> None:
        self._cache = cache

    def records(
        self,
        sources: Sequence[MaskedCases],
        view: View | None,
        *,
        slice_threshold: float | None,
        passing: Path,
    ) -> list[Records]:
        """Open the slices of a view, without those that hold too little.

        Raises:
            UserError: there is no view, or no slice of any source has any foreground.
        """
        if view is None:
            raise ValueError("volumes are learned slice by slice, and there is no view")
        # Masks that a model wrote are cut for one training, and go with its checkpoints.
        passing_cache = VolumeCache(passing, self._cache.working)
        slices = [SliceRecords(source, view, self._cache, passing_cache) for source in sources]
        if slice_threshold is not None:
            filter_slices(slices, slice_threshold)
        return list(slices)

    def given(
        self, networks: Mapping[View | None, Any], pipeline: Sequence[Mapping[str, Any]]
    ) -> tuple[Any, ...]:
        """Return the networks by view, the pipeline, and the cache."""
        return networks, pipeline, self._cache
