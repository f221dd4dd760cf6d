"""Fusion: what the networks of several views say of each voxel becomes one mask.

Volumes are (z, y, x) in canonical directions; a leading axis holds the K foreground classes, so
that two classes take one plane-volume and no view has a volume of its own. With p the probability
of the likeliest foreground class and b that of the background, a voxel is foreground unless b > p.
For one foreground class this is p >= 1/2, for more the argmax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.errors import UserError
from ssl_seg.core.views import View
from ssl_seg.media.volumes.cut import Cut
from ssl_seg.registry import suggestion

FUSIONS = ("soft", "hard")
"""By the mean probability (RSTN's released code), or by the majority of the views' labels."""

Maps = NDArray[np.float32]
Labels = NDArray[np.uint8]


def check_fusion(fusion: str) -> None:
    """Refuse a name that is not in `FUSIONS`.

    Raises:
        UserError: it is unknown.
    """
    if fusion not in FUSIONS:
        raise UserError(f"fusion: there is no {fusion!r}{suggestion(fusion, FUSIONS)}")


@dataclass(frozen=True)
class Fused:
    """What the views together say of each voxel.

    Attributes:
        probabilities: (K, ...) float32, the mean of the views.
        votes: (K, ...) of how many views each class has; ``None`` for soft fusion.
        views: their number.
        exclusive: whether the classes' probabilities and the background's make 1. If not, each
            class has a probability of its own, and the background what the likeliest one leaves.
    """

    probabilities: Maps
    votes: NDArray[Any] | None
    views: int
    exclusive: bool

    def labels(self) -> Labels:
        """Return the class numbers (...) uint8.

        Equal votes are decided by probability.
        """
        labels = np.empty_like(self.probabilities[0], np.uint8)
        for plane in self._planes():
            probabilities = self._with_background(self.probabilities[plane])
            if self.votes is None:
                labels[plane[1:]] = _decided(probabilities)
            else:
                votes = self._with_all_votes(self.votes[plane])
                most = votes == votes.max(axis=0)
                labels[plane[1:]] = _decided(np.where(most, probabilities, -1))
        return labels

    def confidence(self, labels: Labels) -> NDArray[np.float32]:
        """Return the mean probability of given labels, or their share of the votes, (...)."""
        confidence = np.empty_like(labels, np.float32)
        for plane in self._planes():
            if self.votes is None:
                shares = self._with_background(self.probabilities[plane])
            else:
                shares = self._with_all_votes(self.votes[plane])
                shares /= self.views
            chosen = labels[plane[1:]].astype(np.intp)[None]
            confidence[plane[1:]] = np.take_along_axis(shares, chosen, axis=0)[0]
        # Interpolation and the sums of a softmax may be off by a rounding.
        return np.clip(confidence, 0, 1, out=confidence)

    def class_probabilities(self) -> Maps:
        """Return the mean probability of each class, (1 + K, ...) with the background first.

        Where classes have a probability of their own each, what the likeliest one leaves is the
        background's, and they need not add up to 1.
        """
        return np.clip(self._with_background(self.probabilities), 0, 1)

    def mapped(self, change: Callable[[Maps], Maps]) -> Fused:
        """Return this with the maps (K, ...) float32 changed, such as resampled."""
        votes = None if self.votes is None else change(self.votes.astype(np.float32))
        return replace(self, probabilities=change(self.probabilities), votes=votes)

    def _planes(self) -> Iterator[tuple[Any, ...]]:
        """Cut into planes that lie together in memory, so that working memory stays small."""
        strides = self.probabilities.strides[1:]
        axis = 1 + int(np.argmax(np.abs(strides)))
        before = (slice(None),) * axis
        for number in range(self.probabilities.shape[axis]):
            yield (*before, slice(number, number + 1))

    def _with_background(self, probabilities: Maps) -> Maps:
        taken = probabilities.sum(axis=0) if self.exclusive else probabilities.max(axis=0)
        return np.concatenate([1 - taken[None], probabilities])

    def _with_all_votes(self, votes: NDArray[Any]) -> Maps:
        return np.concatenate([(self.views - votes.sum(axis=0))[None], votes]).astype(np.float32)


def _decided(maps: NDArray[Any]) -> Labels:
    """Return the number of the highest of (1 + K, ...), where the background loses ties."""
    foreground = maps[1:]
    labels = np.where(maps[0] > foreground.max(axis=0), 0, foreground.argmax(axis=0) + 1)
    return labels.astype(np.uint8)


@final
class Fusion:
    """Gathers the maps of each view, some slices at a time.

    Args:
        shape: (z, y, x) of the volume.
        classes: foreground classes K.
        cuts: of the views that will be added, each in whole.
        exclusive: see `Fused`.
        fusion: one of `FUSIONS`.
    """

    def __init__(
        self,
        shape: Sequence[int],
        classes: int,
        cuts: Mapping[View, Cut],
        *,
        exclusive: bool,
        fusion: str,
    ) -> None:
        self._cuts = cuts
        self._exclusive = exclusive
        # Zeros that nobody writes to take no memory.
        self._sums = np.zeros((classes, *shape), np.float32)
        self._votes = np.zeros((classes, *shape), np.uint8) if fusion == "hard" else None

    def add(self, view: View, start: int, maps: Maps) -> None:
        """Add the probabilities (K, n, H, W) of a view's slices from number ``start`` on."""
        cut, slices = self._cuts[view], slice(start, start + maps.shape[1])
        cut.slices(self._sums)[:, slices] += maps
        if self._votes is not None:
            labels = Fused(maps, None, 1, self._exclusive).labels()
            for number, votes in enumerate(cut.slices(self._votes), start=1):
                votes[slices] += labels == number

    def finish(self) -> Fused:
        """Return the result after all views have been added; nothing can be added to it."""
        self._sums /= len(self._cuts)
        return Fused(self._sums, self._votes, len(self._cuts), self._exclusive)
