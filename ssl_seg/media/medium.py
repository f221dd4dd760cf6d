"""Media: what a kind of image files, pictures or volumes, must say and do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.case import Case, MediumName
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.views import View
from ssl_seg.media.facts import CountedFacts, Known, SizedFacts
from ssl_seg.media.reader import Reader

Labels: TypeAlias = NDArray[np.uint8]


class Medium(Protocol):
    """All that is different between pictures and volumes.

    Masks have the axes of their image: (H, W), or (X, Y, Z) in the order of a volume's file.

    Attributes:
        name: which stands in cases and configs.
        mask_suffix: ending of the files that masks are written to.
    """

    name: MediumName
    mask_suffix: str

    @property
    def image_facts(self) -> type[SizedFacts]:
        """What to look for in an image before work starts."""
        ...

    @property
    def mask_facts(self) -> type[CountedFacts]:
        """What to look for in its true mask."""
        ...

    def misfit(self, image: Known[Any], mask: Known[Any]) -> str | None:
        """Say what is wrong between an image and its mask, naming both; ``None`` if they fit."""
        ...

    def view_notes(self, images: Sequence[tuple[str, Any]], views: Sequence[View]) -> Iterator[str]:
        """Say what a reader of a plan should know of how views cut images.

        Args:
            images: each case's id with the facts of its image.
            views: of the config.
        """
        ...

    def write_mask(self, path: Path, case: Case, labels: Labels, space: LabelSpace) -> None:
        """Write class numbers or the ignore value where they lie on their image."""
        ...

    def write_confidence(self, path: Path, case: Case, confidence: NDArray[np.floating]) -> None:
        """Write probabilities in [0, 1] as 8-bit levels, 255 for 1."""
        ...

    def read_mask(self, path: Path) -> Labels:
        """Read the values in a mask, as they are stored.

        Raises:
            FileNotFoundError: there is no such file.
            UserError: it is no readable mask.
        """
        ...

    def read_confidence(self, path: Path) -> Labels:
        """Read what `write_confidence` wrote, as levels."""
        ...

    def working_shape(self, shape: tuple[int, ...], max_side: int | None) -> tuple[int, ...]:
        """Return the shape that an image is worked on at, from that of its file.

        Args:
            shape: (H, W), or (X, Y, Z) in the order of the file.
            max_side: longest side of pictures in pixels; ``None`` for their own.
        """
        ...

    def at_own_size(self, case: Case, labels: Labels) -> Labels:
        """Return predicted labels at the size of the case's image."""
        ...

    def scored(self, truth: Labels, prediction: Labels, max_side: int | None) -> Labels:
        """Return a true mask at the size that a prediction is compared with it at."""
        ...

    def written_size(self, labels: Labels) -> str:
        """Write the size of a mask for people."""
        ...

    def spacing(self, case: Case) -> tuple[float, ...] | None:
        """Return the distance in mm between neighbours along each axis; ``None`` for pictures."""
        ...

    def reader(
        self, folder: Path, *, slice_spacing: float | None, one_by_one: bool = False
    ) -> Reader:
        """Return what opens images for a stage.

        Args:
            folder: where what was made of them is kept; made when it is needed.
            slice_spacing: distance in mm that axial slices of volumes are brought to; ``None`` as
                in the files.
            one_by_one: each image is looked at once, and nothing is kept of it then.
        """
        ...

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
        """Write pictures of a case with predicted labels laid over it.

        Args:
            folder: missing folders are made; names in it start with the case's id.
            case: the case.
            labels: predicted class numbers, as a predictor returns them.
            space: of the labels.
            pipeline: of the images, which says what grey volumes are seen in.
            truth: how the case's true mask is read into the same space; ``None`` leaves it out.
            opacity: of the colours, 0 (image only) to 1 (colours only).
        """
        ...
