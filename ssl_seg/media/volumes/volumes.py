"""Volumes: NIfTI files with NIfTI masks on the same grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.case import Case, MediumName
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.views import View
from ssl_seg.media.facts import Known
from ssl_seg.media.medium import Labels
from ssl_seg.media.reader import Reader
from ssl_seg.media.volumes.facts import LabelVolumeFacts, VolumeFacts, grid_misfit
from ssl_seg.media.volumes.view_notes import view_notes


@final
class Volumes:
    """Reads, writes and draws volumes; see `ssl_seg.media.medium.Medium`."""

    name: MediumName = "volumes"
    mask_suffix = ".nii.gz"
    image_facts = VolumeFacts
    mask_facts = LabelVolumeFacts

    def misfit(self, image: Known[VolumeFacts], mask: Known[LabelVolumeFacts]) -> str | None:
        """Say how the grids differ, beyond the rounding of headers."""
        return grid_misfit(image, mask)

    def view_notes(self, images: Sequence[tuple[str, Any]], views: Sequence[View]) -> Iterator[str]:
        """Name thin strips, and files that differ in directions."""
        return view_notes(images, views)

    def write_mask(self, path: Path, case: Case, labels: Labels, space: LabelSpace) -> None:
        """Write a NIfTI file in the native grid of the image."""
        from ssl_seg.media.volumes.grid import Grid
        from ssl_seg.media.volumes.masks import write_labels

        write_labels(path, labels, Grid.of(Path(case.image.path)))

    def write_confidence(self, path: Path, case: Case, confidence: NDArray[np.floating]) -> None:
        """Write a NIfTI file in the native grid of the image, which viewers show in [0, 1]."""
        from ssl_seg.media.volumes.grid import Grid
        from ssl_seg.media.volumes.masks import write_confidence

        write_confidence(path, confidence, Grid.of(Path(case.image.path)))

    def read_mask(self, path: Path) -> Labels:
        """Read whole numbers, which may be stored as floats."""
        from ssl_seg.media.volumes.masks import read_label_values

        return read_label_values(path)

    def read_confidence(self, path: Path) -> Labels:
        """Read a NIfTI file of 8-bit levels."""
        from ssl_seg.media.volumes.masks import read_confidence

        return read_confidence(path)

    def working_shape(self, shape: tuple[int, ...], max_side: int | None) -> tuple[int, ...]:
        """Return the shape as it is: ``max_side`` is for pictures."""
        return shape

    def at_own_size(self, case: Case, labels: Labels) -> Labels:
        """Return labels as they are: predictors answer in the native grid."""
        return labels

    def scored(self, truth: Labels, prediction: Labels, max_side: int | None) -> Labels:
        """Return the truth as it is: ``max_side`` is for pictures."""
        return truth

    def written_size(self, labels: Labels) -> str:
        """Write the number of voxels along each axis."""
        return "x".join(map(str, labels.shape))

    def spacing(self, case: Case) -> tuple[float, ...]:
        """Return the distance in mm between neighbouring voxels along each native axis."""
        from ssl_seg.media.volumes.grid import Grid

        return Grid.of(Path(case.image.path)).spacing

    def reader(
        self, folder: Path, *, slice_spacing: float | None, one_by_one: bool = False
    ) -> Reader:
        """Return a reader of slices that keeps them in a folder."""
        from ssl_seg.media.volumes.cache import VolumeCache
        from ssl_seg.media.volumes.passing_cache import PassingCache
        from ssl_seg.media.volumes.reader import VolumeReader
        from ssl_seg.media.volumes.working_grid import WorkingGrid

        cache = PassingCache if one_by_one else VolumeCache
        return VolumeReader(cache(folder, WorkingGrid(slice_spacing)))

    def draw(
        self,
        folder: Path,
        case: Case,
        labels: Labels,
        space: LabelSpace,
        *,
        pipeline: Sequence[Mapping[str, Any]],
        truth: LabelValues | None,
        opacity: float,
    ) -> None:
        """Write ``<case>-<view>.png``, compared with the true mask where there is one."""
        from ssl_seg.media.volumes.drawing import LabeledVolume, grey_range, write_case_pictures
        from ssl_seg.media.volumes.masks import read_labels
        from ssl_seg.media.volumes.voxels import read_voxels

        voxels, grid = read_voxels(Path(case.image.path))
        known = None
        if truth is not None and case.label is not None:
            known = read_labels(Path(case.label.path), truth)
        volume = LabeledVolume(voxels, grid, labels, known, space)
        grey = grey_range(pipeline, voxels)
        write_case_pictures(folder, case.id, volume, grey=grey, opacity=opacity)
