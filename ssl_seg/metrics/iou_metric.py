"""IoU, Dice and accuracy of all pixels of all cases together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import numpy as np

from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace
from ssl_seg.metrics import overlap
from ssl_seg.metrics.confusion import confusion_matrix
from ssl_seg.metrics.metric import Sample
from ssl_seg.metrics.plain import by_class, known
from ssl_seg.registry import METRICS, suggestion

_ACCURACY: Mapping[str, Callable[[overlap.Counts], overlap.PerClass]] = {"Acc": overlap.recall}
_CHOICES: Mapping[str, Mapping[str, Callable[[overlap.Counts], overlap.PerClass]]] = {
    "mIoU": {"IoU": overlap.iou},
    "mDice": {"Dice": overlap.dice},
    "mFscore": {
        "Fscore": overlap.f_score,
        "Precision": overlap.precision,
        "Recall": overlap.recall,
    },
}


@METRICS.register_module()
@final
class IoUMetric:
    """mmsegmentation's ``IoUMetric``: same names, same numbers, without its rounding.

    ``aAcc`` and ``mAcc`` are always stated. A mean is over the classes that have a value; one that
    occurs neither in truth nor in prediction has no IoU and is listed as absent.

    Args:
        space: the label space of predictions and truth.
        iou_metrics: which of ``mIoU``, ``mDice`` and ``mFscore`` to state.
    """

    def __init__(
        self, space: LabelSpace, *, iou_metrics: Sequence[str] | str = ("mIoU", "mDice")
    ) -> None:
        names = [iou_metrics] if isinstance(iou_metrics, str) else list(iou_metrics)
        if unknown := [name for name in names if name not in _CHOICES]:
            raise UserError(
                f"iou_metrics: no score is named {unknown[0]!r}"
                + suggestion(str(unknown[0]), _CHOICES)
            )
        self._space = space
        self._functions = dict(_ACCURACY)
        for name in names:
            self._functions.update(_CHOICES[name])
        self._confusion = np.zeros((len(space), len(space)), np.int64)

    def add(self, sample: Sample) -> None:
        """Count the pixels of one case.

        Raises:
            UserError: a map holds a value outside the label space.
        """
        self._confusion += confusion_matrix(
            sample.prediction, sample.truth, len(self._space), self._space.ignore
        )

    def scores(self) -> dict[str, Any]:
        """Return the scores of all cases so far.

        Returns:
            ``metrics`` (means, per cent), ``classes`` (per class, per cent), ``absent`` (names of
            classes that were left out) and ``confusion`` (rows truth, columns prediction). What is
            not defined is ``None``.
        """
        values = {name: function(self._confusion) for name, function in self._functions.items()}
        metrics = {"aAcc": overlap.overall_accuracy(self._confusion)}
        metrics |= {f"m{name}": overlap.mean_of_defined(of) for name, of in values.items()}
        classes = self._space.classes
        return {
            "metrics": {name: known(value) for name, value in metrics.items()},
            "classes": by_class(classes, values),
            "absent": [
                classes[number] for number in np.flatnonzero(overlap.absent(self._confusion))
            ],
            "confusion": self._confusion.tolist(),
        }
