"""Which sample stands where in training: a pure function of seed and position in the stream.

Nothing random has to be saved for a training to be resumed, and no loader worker or process count
changes what is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import repeat
from typing import NamedTuple

import numpy as np

from ssl_seg.core.errors import UserError
from ssl_seg.core.fingerprint import derive_seed

Entry = tuple[int, int]
"""Number of a source, and of a case or slice inside it."""

ALL = "all"
"""Name of the list that holds the samples of all sources; part of its seed, as a kind's name is."""


class SampleIndex(NamedTuple):
    """One sample of the stream.

    Attributes:
        iteration: of the training, from 0.
        position: inside the batch.
        source: number of the source.
        item: number of the case, or of the slice, inside its source.
    """

    iteration: int
    position: int
    source: int
    item: int


class SampleOrder:
    """The endless stream of samples of one train stage.

    Samples are drawn from lists, one for each kind of source or one for all of them. Every pass
    over a list visits each of its items once, or as often as told, in an order of its own, which
    depends on the seed and the list's name alone: how many are drawn of one kind moves no other.

    Args:
        kinds: kind of each source: ``labeled``, ``pseudo`` or ``unlabeled``.
        sizes: number of items of each source.
        mix: ``concat``: all sources are one list; ``{'labeled': share}``: the stream is an exact
            interleave of the true and the pseudo-labeled list, whatever the batch size; whole
            numbers by kind, such as ``{'labeled': 4, 'pseudo': 12}``: exactly so many of each kind
            in every batch of their sum. Where a kind has no sample, all sources are one list.
        seed: of the stage.
        repeats: for each source how often each of its items stands in one pass; once by default.

    Raises:
        ValueError: there is no sample at all, or an item that is to stand in no pass.
    """

    def __init__(
        self,
        kinds: Sequence[str],
        sizes: Sequence[int],
        mix: str | Mapping[str, float],
        seed: int,
        repeats: Sequence[Sequence[int]] | None = None,
    ) -> None:
        if not sum(sizes):
            raise UserError("there is no sample to train on")
        self._seed = seed
        entries = list(_listed(sizes, repeats or [[1] * size for size in sizes]))
        self._lists = {
            ALL: entries,
            **{kind: [entry for entry in entries if kinds[entry[0]] == kind] for kind in kinds},
        }
        self._arranged = _arrangement(mix, {name for name, held in self._lists.items() if held})

    def at(self, position: int) -> Entry:
        """Return source and item of the sample at a position of the stream, counted from 0."""
        name, rank = self._arranged(position)
        entries = self._lists[name]
        turn, within = divmod(rank, len(entries))
        return entries[_permutation(self._seed, name, turn, len(entries))[within]]

    def batches(self, batch_size: int, start: int, end: int) -> Iterator[list[SampleIndex]]:
        """Yield the batches of iterations ``start`` to ``end - 1``."""
        for iteration in range(start, end):
            yield [
                SampleIndex(iteration, position, *self.at(iteration * batch_size + position))
                for position in range(batch_size)
            ]


Arrangement = Callable[[int], tuple[str, int]]
"""Says of a position of the stream which list it is drawn from, and the how manieth of it it is."""


def _arrangement(mix: str | Mapping[str, float], held: set[str]) -> Arrangement:
    if not isinstance(mix, Mapping):
        return _from_one_list
    share = mix.get("labeled")
    if isinstance(share, float):
        return partial(_interleaved, share) if {"labeled", "pseudo"} <= held else _from_one_list
    # In an order of its own: a fingerprint does not tell how a dict was written.
    counts = {kind: int(mix[kind]) for kind in sorted(mix)}
    return partial(_counted, counts) if held >= counts.keys() else _from_one_list


def _from_one_list(position: int) -> tuple[str, int]:
    return ALL, position


def _interleaved(share: float, position: int) -> tuple[str, int]:
    before, after = int(position * share), int((position + 1) * share)
    return ("labeled", before) if after > before else ("pseudo", position - before)


def _counted(counts: Mapping[str, int], position: int) -> tuple[str, int]:
    batch, rest = divmod(position, sum(counts.values()))
    for kind, count in counts.items():
        if rest < count:
            return kind, batch * count + rest
        rest -= count
    raise AssertionError("the counts add up to the batch")


def _listed(sizes: Sequence[int], repeats: Sequence[Sequence[int]]) -> Iterator[Entry]:
    """Yield each sample of one pass, in order."""
    for source, (size, counts) in enumerate(zip(sizes, repeats, strict=True)):
        for item, count in zip(range(size), counts, strict=True):
            if count < 1:
                raise ValueError(f"item {item} of source {source} is to stand in no pass")
            yield from repeat((source, item), count)


@lru_cache(maxsize=8)
def _permutation(seed: int, name: str, turn: int, size: int) -> list[int]:
    # PCG64's raw stream is fixed by its definition, while Generator.permutation may change between
    # numpy versions; sorting raw words gives the same order everywhere.
    words = np.random.PCG64(derive_seed("order", seed, name, turn)).random_raw(size)
    return [int(i) for i in np.argsort(words, kind="stable")]
