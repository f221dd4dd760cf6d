"""How the weight of a loss grows over a training."""

from __future__ import annotations

from math import exp


def sigmoid_ramp(progress: float) -> float:
    """Return exp(-5 (1 - p)^2): 0.007 at the start of a training, 1 at its end.

    Of Laine and Aila, "Temporal Ensembling" (ICLR 2017), over the whole training, as the published
    codes for ACDC and LA have it.

    Args:
        progress: p, the share of the training that is done, in [0, 1].
    """
    return exp(-5 * (1 - progress) ** 2)
