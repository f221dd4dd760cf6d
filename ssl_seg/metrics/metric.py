"""What a metric is: it takes samples one by one and says in the end how good they were.

A metric is built as ``METRICS.build(cfg, space)``, so its class takes the label space as its only
positional argument and the options of its config dict as keywords.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

LabelMap: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One case as a metric sees it.

    Attributes:
        case: its id.
        prediction: class numbers, (H, W) of an image or (X, Y, Z) of a volume.
        truth: class numbers or the ignore value, of the prediction's shape.
        spacing_mm: distance between neighbouring voxels along each axis; ``None`` for images.

    Raises:
        ValueError: a map is not uint8, or shapes or the number of axes disagree.
    """

    case: str
    prediction: LabelMap
    truth: LabelMap
    spacing_mm: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for name, labels in (("prediction", self.prediction), ("truth", self.truth)):
            if labels.dtype != np.uint8:
                raise ValueError(
                    f"{self.case}: expected the {name} as uint8 class numbers, got {labels.dtype}"
                )
        if self.prediction.shape != self.truth.shape:
            raise ValueError(
                f"{self.case}: the prediction has shape {self.prediction.shape}, "
                f"the truth {self.truth.shape}; they must be the same"
            )
        if self.spacing_mm is not None and len(self.spacing_mm) != self.truth.ndim:
            raise ValueError(
                f"{self.case}: {len(self.spacing_mm)} spacings for {self.truth.ndim} axes"
            )


class Metric(Protocol):
    """Scores a set of cases in one label space, in memory that does not grow with their number."""

    def add(self, sample: Sample) -> None:
        """Take one case.

        Raises:
            ValueError: a map holds a value outside the label space.
        """
        ...

    def scores(self) -> dict[str, Any]:
        """Return the scores of all cases so far as plain JSON data.

        Returns:
            ``metrics``: one number per name over all classes; ``classes``: per class name a number
            per name; and whatever else the metric states under keys of its own. A score that is
            not defined is ``None``, never a made-up number.
        """
        ...
