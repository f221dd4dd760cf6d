"""Pictures: image files of any format that Pillow reads, with masks of one channel."""

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
from ssl_seg.media.pictures.facts import ImageFacts, MaskFacts, size_misfit
from ssl_seg.media.reader import Reader


@final
class Pictures:
    """Reads, writes and draws pictures; see `ssl_seg.media.medium.Medium`."""

    name: MediumName = "pictures"
    mask_suffix = ".png"
    image_facts = ImageFacts
    mask_facts = MaskFacts

    def misfit(self, image: Known[ImageFacts], mask: Known[MaskFacts]) -> str | None:
        """Say how the sizes differ."""
        return size_misfit(image, mask)

    def view_notes(self, images: Sequence[tuple[str, Any]], views: Sequence[View]) -> Iterator[str]:
        """Say nothing: pictures have no views."""
        yield from ()

    def write_mask(self, path: Path, case: Case, labels: Labels, space: LabelSpace) -> None:
        """Write an indexed PNG in the colours of the space."""
        from ssl_seg.media.pictures.masks import write_mask

        write_mask(path, labels, space)

    def write_confidence(self, path: Path, case: Case, confidence: NDArray[np.floating]) -> None:
        """Write an 8-bit grey PNG."""
        from ssl_seg.media.pictures.masks import write_confidence

        write_confidence(path, confidence)

    def read_mask(self, path: Path) -> Labels:
        """Read an image of one channel; a palette's entries count by number."""
        from ssl_seg.media.pictures.masks import read_indices

        return read_indices(path)

    def read_confidence(self, path: Path) -> Labels:
        """Read an 8-bit grey PNG."""
        from ssl_seg.media.pictures.masks import read_confidence

        return read_confidence(path)

    def working_shape(self, shape: tuple[int, ...], max_side: int | None) -> tuple[int, ...]:
        """Return height and width, shrunk where they are too large."""
        from ssl_seg.media.pictures.working_size import WorkingSize

        return WorkingSize(max_side).of(*shape)

    def at_own_size(self, case: Case, labels: Labels) -> Labels:
        """Return labels at the size of the upright picture: they come at the working size."""
        from ssl_seg.media.pictures.working_size import at_size_of

        return at_size_of(Path(case.image.path), labels)

    def scored(self, truth: Labels, prediction: Labels, max_side: int | None) -> Labels:
        """Return the truth as it is where sizes are equal, else at the working size."""
        from ssl_seg.media.pictures.working_size import WorkingSize

        return truth if truth.shape == prediction.shape else WorkingSize(max_side).labels(truth)

    def written_size(self, labels: Labels) -> str:
        """Write width and height."""
        height, width = labels.shape
        return f"{width}x{height}"

    def spacing(self, case: Case) -> None:
        """Return nothing: a pixel of a picture has no length."""

    def reader(
        self, folder: Path, *, slice_spacing: float | None, one_by_one: bool = False
    ) -> Reader:
        """Return a reader that keeps nothing."""
        from ssl_seg.media.pictures.reader import PictureReader

        return PictureReader()

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
        """Write ``<case>.jpg`` in the colours of the predicted classes."""
        from ssl_seg.media.pictures.overlay import write_overlay

        upright = self.at_own_size(case, labels)
        write_overlay(folder / f"{case.id}.jpg", Path(case.image.path), upright, space, opacity)
