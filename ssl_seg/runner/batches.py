"""The batches of a train stage, opened at any iteration."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, final

from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader, Sampler

from ssl_seg.core.stage import TrainStage
from ssl_seg.data.oversampling import held_classes, repeat_counts
from ssl_seg.data.sample_order import SampleIndex, SampleOrder
from ssl_seg.data.training_set import Copies, Samples, TrainingSet

logger = logging.getLogger(__name__)


@final
class Batches:
    """Opens a loader at any iteration; stands where mmengine expects a data loader.

    Args:
        stage: whose samples are drawn.
        sources: of the stage, opened.
        copies: of each sample that the stage's method wants.
    """

    def __init__(
        self, stage: TrainStage, sources: list[Samples], copies: Copies | None = None
    ) -> None:
        self._stage = stage
        self.dataset = TrainingSet(sources, stage.space, stage.seed, copies)
        self._order = SampleOrder(
            [opened.source.kind for opened in sources],
            [len(opened) for opened in sources],
            stage.config.mix or "concat",
            stage.seed,
            _repeats(stage, sources),
        )

    def __len__(self) -> int:
        """Number of batches, which mmengine takes for the length of an epoch."""
        return self._stage.size

    def __call__(self, start: int) -> Iterable[Any]:
        """Return the batches from iteration ``start`` to the end."""
        size, end = self._stage.config.batch_size, self._stage.size
        indices = _Indices(partial(self._order.batches, size, start, end))
        arguments = dict(self._stage.config.neutral.loader)
        if not arguments.get("num_workers"):
            # The other arguments are refused where there is no worker.
            arguments = {"num_workers": 0}
        return DataLoader(self.dataset, batch_sampler=indices, collate_fn=collated, **arguments)


def collated(samples: Sequence[Sequence[Mapping[str, Any]]]) -> Any:
    """Collate as mmengine does; the copies of a sample follow one another."""
    return pseudo_collate([copy for copies in samples for copy in copies])


def _repeats(stage: TrainStage, sources: list[Samples]) -> list[list[int]] | None:
    """Return for each source how often each case stands in one pass; ``None`` is once."""
    threshold = stage.config.oversample
    if threshold is None:
        return None
    repeats = [
        repeat_counts(held_classes(opened.source, opened.pseudo), threshold) for opened in sources
    ]
    for opened, counts in zip(sources, repeats, strict=True):
        logger.info(
            "%s: %d %s cases stand %d times in one pass, for their rare classes",
            stage.title,
            len(counts),
            opened.source.kind,
            sum(counts),
        )
    return repeats


@final
class _Indices(Sampler[list[SampleIndex]]):
    """What a loader asks for as batch sampler: can be iterated anew."""

    def __init__(self, batches: Callable[[], Iterator[list[SampleIndex]]]) -> None:
        self._batches = batches

    def __iter__(self) -> Iterator[list[SampleIndex]]:
        return self._batches()
