"""How far the predicted surface of each class is from the true one, case by case."""

from __future__ import annotations

from math import isfinite
from typing import Any, final

import numpy as np

from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace
from ssl_seg.metrics import overlap
from ssl_seg.metrics.case_scores import CaseScores
from ssl_seg.metrics.confusion import confusion_matrix
from ssl_seg.metrics.metric import Sample
from ssl_seg.metrics.plain import by_class, known
from ssl_seg.metrics.surface import Mask, surface_distances
from ssl_seg.registry import METRICS

_PRESENCE = ("missed", "spurious")


@METRICS.register_module()
@final
class SurfaceMetric:
    """HD95, ASSD and surface Dice by case, averaged over cases.

    Distances are in mm, with each case's own spacing; in pixels for images, which have none.
    ``HD95`` is the larger one of both directions' 95th percentiles, ``ASSD`` the mean over both
    surfaces, ``SurfaceDice@t`` the share in per cent of both surfaces within t of the other;
    `ssl_seg.metrics.surface` says what a surface is. The names with ``m`` are means over the
    classes but the background.

    A class that is ``missed`` in a case (true, not predicted) or ``spurious`` (predicted, not true)
    has a surface Dice of 0 there and no distance. Unless ``penalty`` says which one to count, the
    case is left out of the means of HD95 and ASSD, which then may look better the more is missed:
    how many cases were missed and spurious is stated beside them. A class that is neither true nor
    predicted in a case has no score there.

    Ignored voxels are in no mask, so a mask that reaches them has a surface there.

    Args:
        space: the label space of predictions and truth.
        tolerance: t of the surface Dice, in mm (pixels), at least 0.
        background: number of the class that is not scored; ``None`` scores all.
        penalty: what a missed or spurious class counts as HD95 and ASSD of a case, in mm (pixels);
            ``None`` leaves the case out.
    """

    def __init__(
        self,
        space: LabelSpace,
        *,
        tolerance: float = 1.0,
        background: int | None = 0,
        penalty: float | None = None,
    ) -> None:
        _check_length("tolerance", tolerance)
        if penalty is not None:
            _check_length("penalty", penalty)
        self._space = space
        self._tolerance = tolerance
        self._surface_dice = f"SurfaceDice@{tolerance:g}"
        self._one_sided = {
            "HD95": float("nan") if penalty is None else float(penalty),
            "ASSD": float("nan") if penalty is None else float(penalty),
            self._surface_dice: 0.0,
        }
        self._unit: str | None = None
        self._cases = CaseScores(space, background, tuple(self._one_sided))

    def add(self, sample: Sample) -> None:
        """Measure one case.

        Raises:
            UserError: a map holds a value outside the label space, the case was there before, its
                spacing is not above 0, or it has a spacing and earlier cases have none, or the
                reverse.
        """
        spacing = self._spacing(sample)
        confusion = confusion_matrix(
            sample.prediction, sample.truth, len(self._space), self._space.ignore
        )
        counted = sample.truth != self._space.ignore
        true, predicted = overlap.present(confusion)
        scores = {name: np.full(len(self._space), np.nan) for name in self._one_sided}
        for number in np.flatnonzero(self._cases.scored & (true | predicted)):
            measured = self._one_sided
            if true[number] and predicted[number]:
                measured = self._measured(
                    (sample.prediction == number) & counted, sample.truth == number, spacing
                )
            for name, value in measured.items():
                scores[name][number] = value
        self._cases.add(sample.case, confusion, scores)

    def scores(self) -> dict[str, Any]:
        """Return the scores of all cases so far.

        Returns:
            ``metrics`` and ``classes`` (distances, per cent, and numbers of missed and spurious
            cases, in ``metrics`` of all classes together; all ``None`` for the background),
            ``distance_unit`` (``mm`` or ``pixels``), and ``absent``, ``presence`` and ``by_case``
            as `CaseScores.plain` states them. What is not defined is ``None``.
        """
        means = self._cases.means()
        presence = {name: self._cases.presence(name) for name in _PRESENCE}
        metrics = {f"m{name}": overlap.mean_of_defined(values) for name, values in means.items()}
        metrics |= {name: float(of[self._cases.scored].sum()) for name, of in presence.items()}
        return {
            "metrics": {name: known(value) for name, value in metrics.items()},
            "classes": by_class(self._space.classes, means | presence),
            "distance_unit": self._unit,
            **self._cases.plain(),
        }

    def _measured(
        self, prediction: Mask, truth: Mask, spacing: tuple[float, ...]
    ) -> dict[str, float]:
        distances = surface_distances(prediction, truth, spacing)
        return {
            "HD95": distances.hausdorff(95),
            "ASSD": distances.average(),
            self._surface_dice: distances.dice(self._tolerance),
        }

    def _spacing(self, sample: Sample) -> tuple[float, ...]:
        """Return a case's spacing; a mean of mm and pixels would have no unit."""
        unit = "pixels" if sample.spacing_mm is None else "mm"
        if self._unit not in (None, unit):
            raise UserError(
                f"case {sample.case!r} is measured in {unit}, those before it in {self._unit}; "
                "score cases with and without a spacing apart"
            )
        spacing = sample.spacing_mm or (1.0,) * sample.truth.ndim
        if not all(isfinite(step) and step > 0 for step in spacing):
            raise UserError(
                f"case {sample.case!r}: expected a spacing above 0 mm along each axis, "
                f"got {spacing}; correct the header of the volume"
            )
        self._unit = unit
        return spacing


def _check_length(name: str, value: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not isfinite(value) or value < 0:
        raise UserError(f"{name}: expected a length of 0 or more in mm, got {value!r}")
