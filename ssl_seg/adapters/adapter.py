"""The plug point ``adapters``.

Registered in ``ssl_seg.registry.ADAPTERS`` and built from an entry of the config's ``adapters``.
An adapter does one of three things, by the method that it has.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.models.predictor import Predictor


class LabelAdapter(Protocol):
    """Declares a class mapping; where it is applied follows from the spaces of data and models."""

    def class_mapping(self, folder: Path) -> ClassMapping:
        """Return the mapping; paths start from ``folder``, that of the config."""
        ...


class PredictionAdapter(Protocol):
    """Changes what a predictor reads, or what it returns.

    Several are put around the predictor in the order of the config.
    """

    def around(self, predictor: Predictor) -> Predictor:
        """Return a predictor that asks the given one."""
        ...


class GridAdapter(Protocol):
    """Declares the grid on which volumes are worked on, in training and prediction alike."""

    def slice_spacing(self) -> float:
        """Return the distance of axial slices to resample to, in mm."""
        ...
