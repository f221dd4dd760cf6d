"""What a trained model is asked to do: read a case, and say what is in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ssl_seg.core.case import Case


@dataclass(frozen=True)
class Prediction:
    """What a model says of one case.

    Attributes:
        labels: uint8 class numbers at the case's own size: (H, W), or (X, Y, Z) in the order of a
            volume's file.
        confidence: float32 probability of the label, in [0, 1], of the same shape.
        probabilities: computes float32 probabilities (C, *shape) of all classes, in [0, 1]. They
            take C times the memory of the labels, so nobody does who is not asked. ``None``: the
            predictor cannot say them.
    """

    labels: np.ndarray
    confidence: np.ndarray
    probabilities: Callable[[], np.ndarray] | None = field(default=None, compare=False)


class Predictor(Protocol):
    """The plug point ``inference``: built with a model in eval mode, a pipeline, and options.

    For volumes it is built with the networks by view, the pipeline and the cache of volumes.

    Reading and predicting are apart, so that reading can go on in loader workers.
    """

    def read(self, case: Case) -> Any:
        """Read a case as :meth:`predict` takes it; may run in another process."""
        ...

    def predict(self, samples: Sequence[Any]) -> list[Prediction]:
        """Predict a batch of what :meth:`read` returned."""
        ...
