"""One iteration of a training, as a method sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ssl_seg.core.stage import SourceKind

STUDENT = "student"
"""Name of the network that a stage's config describes, and that the optimiser trains."""


@dataclass(frozen=True)
class Group:
    """Samples of a batch that are treated alike.

    Attributes:
        pictures: (N, C, H, W), as the model's preprocessor makes them.
        samples: N of mmsegmentation's, with masks.
    """

    pictures: Tensor
    samples: Sequence[Any]

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def masks(self) -> Tensor:
        """Class numbers or the ignore value of each pixel, (N, H, W) int64.

        Those of unlabeled samples are 0 inside the picture and the ignore value outside.
        """
        return torch.cat([sample.gt_sem_seg.data for sample in self.samples])


@dataclass(frozen=True)
class Step:
    """One iteration.

    Attributes:
        iteration: how many were done before it.
        iterations: how many there are in all.
        networks: the student, and the method's companions, by name.
        pictures: of the whole batch, (N, C, H, W), as the model's preprocessor makes them; the
            copies of a sample follow one another.
        samples: N of mmsegmentation's, whose metainfo holds ``case``, ``source`` (the kind),
            ``space`` (name of the label space of its mask) and ``copy`` (its number).
    """

    iteration: int
    iterations: int
    networks: Mapping[str, nn.Module]
    pictures: Tensor
    samples: Sequence[Any]

    @property
    def student(self) -> Any:
        """The network that is trained."""
        return self.networks[STUDENT]

    @property
    def progress(self) -> float:
        """Share of the training that is done, in [0, 1)."""
        return self.iteration / self.iterations

    @property
    def masked(self) -> Group:
        """The samples with a true or a pseudo mask, each by its last copy, in the batch's order."""
        found = [
            place
            for kind in ("labeled", "pseudo")
            for place in self._places(kind, self._copies(kind) - 1)
        ]
        return self._group(sorted(found))

    def group(self, kind: SourceKind, copy: int = 0) -> Group:
        """Return one copy of all samples of a kind, in the batch's order."""
        return self._group(self._places(kind, copy))

    def _places(self, kind: str, copy: int) -> list[int]:
        return [
            place
            for place, sample in enumerate(self.samples)
            if (sample.metainfo["source"], sample.metainfo["copy"]) == (kind, copy)
        ]

    def _copies(self, kind: str) -> int:
        numbers = (s.metainfo["copy"] for s in self.samples if s.metainfo["source"] == kind)
        return max(numbers, default=0) + 1

    def _group(self, places: Sequence[int]) -> Group:
        return Group(self.pictures[list(places)], [self.samples[place] for place in places])
