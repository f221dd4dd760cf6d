"""Readers: how one stage opens its images for a training or a predictor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ssl_seg.core.views import View
from ssl_seg.media.records import MaskedCases, Records


class Reader(Protocol):
    """Opens images as one stage works with them."""

    def records(
        self,
        sources: Sequence[MaskedCases],
        view: View | None,
        *,
        slice_threshold: float | None,
        passing: Path,
    ) -> list[Records]:
        """Open what a training learns from.

        Args:
            sources: of the training, all of this medium.
            view: along which volumes are cut; ``None`` for pictures.
            slice_threshold: what slices must hold to be samples, by all sources together; see
                `ssl_seg.media.volumes.slice_filter.least_pixels`. ``None`` keeps all.
            passing: folder for what is needed as long as the training.

        Returns:
            The samples of each source.
        """
        ...

    def given(
        self, networks: Mapping[View | None, Any], pipeline: Sequence[Mapping[str, Any]]
    ) -> tuple[Any, ...]:
        """Return what a predictor of this medium is built with, before its options.

        Args:
            networks: in eval mode, by view; pictures have one with the view ``None``.
            pipeline: of the images.
        """
        ...
