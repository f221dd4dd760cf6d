"""Which sample stands where in training: a pure function of seed and position in the stream.

Nothing random has to be saved for a training to be resumed, and no loader worker or process count
changes what is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

import numpy as np

from ssl_seg.core.errors import UserError
from ssl_seg.core.fingerprint import derive_seed


class Ticket(NamedTuple):
    """One sample of the stream.

    Attributes:
        iteration: of the training, from 0.
        position: inside the batch.
        source: number of the source.
        case: number of the case, or of the slice, inside its source.
    """

    iteration: int
    position: int
    source: int
    case: int


class SampleOrder:
    """The endless stream of samples of one train stage.

    Every pass over a list visits each of its cases once, or as often as told, in a new order.

    Args:
        sizes: number of cases of each source.
        labeled: for each source whether it holds true labels.
        mix: ``concat``: all sources are one list; ``{'labeled': share}``: the stream is an exact
            interleave of the true and the pseudo-labeled list, whatever the batch size.
        seed: of the stage.
        repeats: for each source how often each of its cases stands in one pass; once by default.

    Raises:
        ValueError: there is no sample at all, or a case that is to stand in no pass.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        labeled: Sequence[bool],
        mix: str | Mapping[str, float],
        seed: int,
        repeats: Sequence[Sequence[int]] | None = None,
    ) -> None:
        if not sum(sizes):
            raise UserError("there is no sample to train on")
        self._seed = seed
        everything = list(_listed(sizes, repeats or [[1] * size for size in sizes]))
        true = [entry for entry in everything if labeled[entry[0]]]
        pseudo = [entry for entry in everything if not labeled[entry[0]]]
        if isinstance(mix, Mapping) and true and pseudo:
            self._share = float(mix["labeled"])
            self._lists = {"labeled": true, "pseudo": pseudo}
        else:
            self._share = 0.0
            self._lists = {"all": everything}

    def at(self, place: int) -> tuple[int, int]:
        """Return source and index of the sample at a place of the stream, counted from 0."""
        if "all" in self._lists:
            return self._draw("all", place)
        before, after = int(place * self._share), int((place + 1) * self._share)
        return (
            self._draw("labeled", before)
            if after > before
            else self._draw("pseudo", place - before)
        )

    def batches(self, batch_size: int, start: int, end: int) -> Iterator[list[Ticket]]:
        """Yield the batches of iterations ``start`` to ``end - 1``."""
        for iteration in range(start, end):
            yield [
                Ticket(iteration, position, *self.at(iteration * batch_size + position))
                for position in range(batch_size)
            ]

    def _draw(self, name: str, place: int) -> tuple[int, int]:
        entries = self._lists[name]
        turn, rank = divmod(place, len(entries))
        return entries[_permutation(self._seed, name, turn, len(entries))[rank]]


def _listed(sizes: Sequence[int], repeats: Sequence[Sequence[int]]) -> Iterator[tuple[int, int]]:
    """Yield source and index of each sample of one pass, in order."""
    for source, (size, counts) in enumerate(zip(sizes, repeats, strict=True)):
        for case, count in zip(range(size), counts, strict=True):
            if count < 1:
                raise UserError(f"case {case} of source {source} is to stand in no pass")
            yield from repeat((source, case), count)


@lru_cache(maxsize=8)
def _permutation(seed: int, name: str, turn: int, size: int) -> list[int]:
    # PCG64's raw stream is fixed by its definition, while Generator.permutation may change between
    # numpy versions; sorting raw words gives the same order everywhere.
    words = np.random.PCG64(derive_seed("order", seed, name, turn)).random_raw(size)
    return [int(i) for i in np.argsort(words, kind="stable")]
