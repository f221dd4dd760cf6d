"""Each view's network on all slices of its view, and what they find together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import torch
from torch import nn

from ssl_seg.core.case import Case, DataFile
from ssl_seg.core.errors import UserError
from ssl_seg.core.views import View
from ssl_seg.media.volumes.cache import CachedImage, VolumeCache
from ssl_seg.media.volumes.cut import cut_of
from ssl_seg.models.predictor import Prediction
from ssl_seg.registry import PREDICTORS
from ssl_seg.runner.volume_predictors.fusion import Fused, Fusion, Labels, check_fusion
from ssl_seg.runner.volume_predictors.networks import networks
from ssl_seg.runner.volume_predictors.windows import Windows, built_pipeline


@PREDICTORS.register_module()
@final
class Views:
    """Predicts volumes slice by slice along one view or several.

    Any per-pixel segmentor of mmsegmentation predicts the slice in the middle of its window. RSTN
    predicts all three by its coarse network, and each slice gets the mean over its windows.

    Args:
        models: each view's network in eval mode.
        pipeline: transforms without any that reads labels: ``LoadSlices`` first, ``PackSegInputs``
            last.
        cache: of volumes.
        fusion: 'soft': the mean of the views' probabilities decides, foreground from 1/2 on with
            two classes, the highest with more; this is what RSTN's released code calls voting.
            'hard': the label of most views, equal votes by mean probability. The confidence is the
            mean probability of the label, or its share of the votes.
        batch_size: neighbouring slices of a volume that go through a network together. Memory
            grows with it: on a CT volume, DeepLabV3+ with a ResNet-50 takes 2.7 GiB for 4 slices
            and 6.1 GiB for 16.
        flip: also predict slices with their columns in reverse order; not with RSTN.
        scales: factors of the slices' size to predict at; not with RSTN. Where a slice is seen more
            than once, the mean of the probabilities counts.

    Raises:
        UserError: a value is out of range, or the networks predict different classes.
    """

    def __init__(
        self,
        models: Mapping[View, nn.Module],
        pipeline: Sequence[Mapping[str, Any]],
        cache: VolumeCache,
        *,
        fusion: str = "soft",
        batch_size: int = 4,
        flip: bool = False,
        scales: Sequence[float] = (1.0,),
    ) -> None:
        check_fusion(fusion)
        if not isinstance(batch_size, int) or batch_size < 1:
            raise UserError(f"batch_size must be at least 1 slice, got {batch_size!r}")
        self._networks = networks(models, flip=flip, scales=scales)
        self._transform = built_pipeline(pipeline)
        self._cache = cache
        self._fusion = fusion
        self._batch_size = batch_size

    def read(self, case: Case) -> DataFile:
        """Make sure that the volume is in the cache."""
        self._open(case.image)
        return case.image

    def predict(self, samples: Sequence[DataFile]) -> list[Prediction]:
        """Predict volumes one after the other, each in the grid of its file."""
        return [self.native(file, self.fused(file)) for file in samples]

    @torch.inference_mode()
    def try_out(self, file: DataFile) -> None:
        """Ask each network of the first slices of its view, to see whether it takes them."""
        volume = self._open(file)
        for view, network in self._networks.items():
            next(network.maps(Windows(self._transform, volume, view), self._batch_size))

    @torch.inference_mode()
    def fused(self, file: DataFile) -> Fused:
        """Return what the views find together, on the working grid."""
        volume = self._open(file)
        shape = self._cache.working.shape(volume.grid)[::-1]
        first = next(iter(self._networks.values()))
        gathered = Fusion(
            shape,
            first.classes,
            {view: cut_of(view, volume.grid) for view in self._networks},
            exclusive=first.exclusive,
            fusion=self._fusion,
        )
        for view, network in self._networks.items():
            windows = Windows(self._transform, volume, view)
            for start, maps in network.maps(windows, self._batch_size):
                gathered.add(view, start, maps)
        return gathered.finish()

    def native(
        self, file: DataFile, fused: Fused, clean: Callable[[Labels], Labels] | None = None
    ) -> Prediction:
        """Return what was found as a prediction in the file's own grid.

        Args:
            file: the volume.
            fused: maps (K, z, y, x) on the working grid. They are resampled, not labels.
            clean: applied to the labels on the file's voxels.
        """
        working, grid = self._cache.working, self._open(file).grid
        canonical = fused.mapped(lambda maps: working.back(maps.transpose(0, 3, 2, 1), grid))
        labels = canonical.labels()
        if clean is not None:
            labels = clean(labels)
        confidence = canonical.confidence(labels)
        return Prediction(
            grid.to_native(labels),
            grid.to_native(confidence),
            lambda: grid.to_native(canonical.class_probabilities()),
        )

    def _open(self, file: DataFile) -> CachedImage:
        return self._cache.image(file, tuple(self._networks))
