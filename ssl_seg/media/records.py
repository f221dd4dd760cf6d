"""Records: what a training's pipeline starts from, sample by sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.case import Case
from ssl_seg.core.space import LabelValues


class Masks(Protocol):
    """Masks that are no files of the data set, such as those that a model wrote; or levels."""

    def read(self, case: Case) -> NDArray[np.uint8]:
        """Return what is known of a case's pixels, (H, W) or (X, Y, Z) uint8.

        Of a mask class numbers or the ignore value.
        """
        ...

    def key(self, case: Case) -> str:
        """Name what `read` returns of a case by all that it follows from."""
        ...


@dataclass(frozen=True)
class MaskedCases:
    """Cases of one medium and where their masks come from.

    Attributes:
        cases: the cases.
        values: how their true masks are read.
        masks: in place of true masks; ``None`` for these.
        unlabeled: whether no mask is read at all.
        levels: how sure the masks are of each pixel, 8 bits; ``None``: all pixels count alike.
    """

    cases: Sequence[Case]
    values: LabelValues
    masks: Masks | None = None
    unlabeled: bool = False
    levels: Masks | None = None


class Records(Protocol):
    """The samples of a list of cases."""

    def __len__(self) -> int: ...

    def case(self, index: int) -> Case:
        """Return the case that a sample is of."""
        ...

    def record(self, index: int) -> dict[str, Any]:
        """Return what the pipeline starts from."""
        ...
