"""RSTN's coarse-to-fine test: rounds in which the views look again where they found something."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ssl_seg.core.case import Case, DataFile
from ssl_seg.core.errors import UserError
from ssl_seg.core.views import View
from ssl_seg.media.volumes.cache import CachedImage, VolumeCache
from ssl_seg.media.volumes.cut import Place, cut_of
from ssl_seg.models.predictor import Prediction
from ssl_seg.models.rstn import RSTN
from ssl_seg.registry import PREDICTORS
from ssl_seg.runner.volume_predictors.components import large_labels
from ssl_seg.runner.volume_predictors.fine_maps import fine_maps, reach
from ssl_seg.runner.volume_predictors.fusion import Fused, Fusion, Maps
from ssl_seg.runner.volume_predictors.rounds import Round, agreement, until_agreement
from ssl_seg.runner.volume_predictors.views import Views
from ssl_seg.runner.volume_predictors.windows import Windows, built_pipeline


@PREDICTORS.register_module()
@final
class CoarseToFine:
    """Predicts volumes by one RSTN for each view, in rounds.

    Yu et al.: Recurrent Saliency Transformation Network (CVPR 2018), as its released code tests.
    Round 0 is what `Views` makes of the coarse networks. In each round after it, the fine networks
    see the image weighted by the fused probabilities of the round before, around its mask; the
    views are fused, and small components are dropped. All views get the same.

    Rounds end with the first that agrees with the one before, because the released code runs all
    rounds and then reads out this one; or when nothing is found any more, which is the result.
    Unlike there, coarse maps are not rounded to 8 bits, which served their storage only.

    With several foreground classes, each has a probability of its own; the highest counts from 1/2
    on, boxes are around all classes together, and components are dropped class by class.

    Args:
        models: each view's network in eval mode.
        pipeline: see `Views`; it must keep the size of slices.
        cache: of volumes.
        max_rounds: after round 0.
        readout: agreement (DSC from 0 to 1) with the round before at which a round is the result;
            ``None`` for the round limit. Published are 0.90, 0.95, 0.98 and 0.99.
        fusion: see `Views`; the probabilities that the next round sees are the mean in any case.
        keep: components smaller than this part of the largest one are dropped; see
            `large_components`.
        batch_size: slices that go through a coarse network together; the fine ones see one window
            at a time.

    Raises:
        UserError: a model is no RSTN, the networks predict different classes, or a value is out
            of range.
    """

    def __init__(
        self,
        models: Mapping[View, nn.Module],
        pipeline: Sequence[Mapping[str, Any]],
        cache: VolumeCache,
        *,
        max_rounds: int = 10,
        readout: float | None = 0.99,
        fusion: str = "soft",
        keep: float = 0.5,
        batch_size: int = 1,
    ) -> None:
        if max_rounds < 0:
            raise UserError(f"max_rounds must be 0 or more, got {max_rounds}")
        if readout is not None and not 0 < readout <= 1:
            raise UserError(f"readout must be a DSC above 0 and up to 1, or None, got {readout}")
        if not 0 <= keep <= 1:
            raise UserError(f"keep must be a part of the largest component, 0 to 1, got {keep}")
        self._models = _all_rstn(models)
        self._coarse = Views(models, pipeline, cache, fusion=fusion, batch_size=batch_size)
        self._transform = built_pipeline(pipeline)
        self._cache = cache
        self._max_rounds = max_rounds
        self._readout = readout
        self._fusion = fusion
        self._keep = keep

    def read(self, case: Case) -> DataFile:
        """Make sure that the volume is in the cache."""
        return self._coarse.read(case)

    def predict(self, samples: Sequence[DataFile]) -> list[Prediction]:
        """Predict volumes one after the other, each in the grid of its file."""
        return [self._predict(file) for file in samples]

    @torch.inference_mode()
    def try_out(self, file: DataFile) -> None:
        """Ask each view's networks of its first slices, as if all of them had been found."""
        self._coarse.try_out(file)
        volume = self._cache.image(file, tuple(self._models))
        shape = self._cache.working.shape(volume.grid)[::-1]
        place = (slice(0, shape[0]), slice(0, shape[1]), slice(0, shape[2]))
        for view, model in self._models.items():
            score = np.ones((model.network.classes, *shape), np.float32)
            windows = Windows(self._transform, volume, view)
            next(fine_maps(model, windows, place, score, np.ones(shape, np.bool_)))

    def rounds(self, file: DataFile) -> Iterator[Round]:
        """Look at a volume on the working grid, round by round as far as the result."""
        fused = self._coarse.fused(file)
        volume = self._cache.image(file, tuple(self._models))
        return until_agreement(
            Round(0, fused, fused.labels(), None),
            partial(self._look_again, volume),
            max_rounds=self._max_rounds,
            readout=self._readout,
        )

    def _predict(self, file: DataFile) -> Prediction:
        (result,) = deque(self.rounds(file), maxlen=1)
        # Small components that a round dropped are still in its maps.
        clean = None if result.number == 0 else partial(large_labels, keep=self._keep)
        return self._coarse.native(file, result.fused, clean)

    def _look_again(self, volume: CachedImage, before: Round, found: Place) -> Round:
        """Make the next round; what lies outside the surroundings of a place is background."""
        place = self._surroundings(found, before.labels.shape)
        seen = before.labels[place]
        score = before.fused.probabilities[(slice(None), *place)]
        part = self._fine(volume, place, score, seen > 0)
        kept = large_labels(part.labels(), keep=self._keep, voxels=before.labels.size)
        labels = np.zeros_like(before.labels)
        labels[place] = kept
        fused = part.mapped(partial(_placed, place=place, shape=labels.shape))
        return Round(before.number + 1, fused, labels, agreement(seen, kept))

    def _surroundings(self, found: Place, shape: Sequence[int]) -> Place:
        """Return what the fine networks see when they look around a place."""
        margin = max(map(reach, self._models.values()))
        z, y, x = (
            slice(max(part.start - margin, 0), min(part.stop + margin, size))
            for part, size in zip(found, shape, strict=True)
        )
        return z, y, x

    @torch.inference_mode()
    def _fine(
        self, volume: CachedImage, place: Place, score: Maps, mask: NDArray[np.bool_]
    ) -> Fused:
        cuts = {view: cut_of(view, volume.grid) for view in self._models}
        gathered = Fusion(mask.shape, len(score), cuts, exclusive=False, fusion=self._fusion)
        for view, model in self._models.items():
            windows = Windows(self._transform, volume, view)
            for start, maps in fine_maps(model, windows, place, score, mask):
                gathered.add(view, start, maps)
        return gathered.finish()


def _placed(maps: Maps, *, place: Place, shape: Sequence[int]) -> Maps:
    """Return maps of a place as maps of the volume, 0 elsewhere."""
    whole = np.zeros((len(maps), *shape), np.float32)
    whole[(slice(None), *place)] = maps
    return whole


def _all_rstn(models: Mapping[View, nn.Module]) -> dict[View, RSTN]:
    made = {view: model for view, model in models.items() if isinstance(model, RSTN)}
    for view, model in models.items():
        if view not in made:
            raise UserError(
                f"coarse to fine takes an RSTN for each view, but that of {view} is a "
                f"{type(model).__name__}; other networks take inference=dict(type='Views')"
            )
    return made
