"""Pictures as trainings and predictors read them: one by one, through the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.case import Case
from ssl_seg.core.views import View
from ssl_seg.media.pictures.masks import read_indices
from ssl_seg.media.records import MaskedCases, Records
from ssl_seg.media.true_mask import true_mask


@final
class PictureRecords:
    """Each case of a source is a sample."""

    def __init__(self, source: MaskedCases) -> None:
        self._source = source

    def __len__(self) -> int:
        return len(self._source.cases)

    def case(self, index: int) -> Case:
        """Return the case of a sample."""
        return self._source.cases[index]

    def record(self, index: int) -> dict[str, Any]:
        """Return what the pipeline starts from.

        ``read_label`` and ``read_levels``, where they are there, read (H, W) uint8.
        """
        case, masks = self._source.cases[index], self._source.masks
        if self._source.unlabeled:
            return {"img_path": case.image.path}
        read: Callable[[], NDArray[np.uint8]] = (
            partial(true_mask, case, self._source.values, read_indices)
            if masks is None
            else partial(masks.read, case)
        )
        record = {"img_path": case.image.path, "read_label": read}
        levels = self._source.levels
        return record if levels is None else {**record, "read_levels": partial(levels.read, case)}


@final
class PictureReader:
    """Leaves all to the pipeline; see `ssl_seg.media.reader.Reader`."""

    def records(
        self,
        sources: Sequence[MaskedCases],
        view: View | None,
        *,
        slice_threshold: float | None,
        passing: Path,
    ) -> list[Records]:
        """Open pictures, each of which is a sample."""
        return [PictureRecords(source) for source in sources]

    def given(
        self, networks: Mapping[View | None, Any], pipeline: Sequence[Mapping[str, Any]]
    ) -> tuple[Any, ...]:
        """Return the one network and the pipeline."""
        return networks[None], pipeline
