"""A case's true mask, in the numbers of a label space."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelValues
from ssl_seg.media.numbering import numbered


def true_mask(
    case: Case, values: LabelValues, read: Callable[[Path], NDArray[np.uint8]]
) -> NDArray[np.uint8]:
    """Return a case's true mask as class numbers or the ignore value of a label space.

    Args:
        case: with a label file.
        values: how the numbers in the file become those of the space.
        read: reads the file as it is stored, as the case's medium does.

    Raises:
        UserError: it has none, or its file holds a value that the space does not list.
    """
    if case.label is None:
        raise UserError(f"case {case.id!r} has no label file")
    path = Path(case.label.path)
    return numbered(path, read(path), values)
