"""What a view's network says of all slices of its view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, final

import numpy as np
from mmengine.dataset import pseudo_collate
from numpy.typing import NDArray
from torch import Tensor, nn

from ssl_seg.core.errors import UserError
from ssl_seg.core.views import View
from ssl_seg.models.rstn import RSTN
from ssl_seg.models.rstn.channels import SLICES
from ssl_seg.runner.finite import require_finite_maps
from ssl_seg.runner.segmentor_logits import (
    SegmentorLogits,
    require_original_size,
    resized,
    without_padding,
)
from ssl_seg.runner.volume_predictors.overlaps import averaged, windows_of_slices
from ssl_seg.runner.volume_predictors.windows import Windows

Maps = NDArray[np.float32]


class SliceNetwork(Protocol):
    """The network of a view.

    Attributes:
        classes: foreground classes K.
        exclusive: whether their probabilities and the background's make 1.
    """

    classes: int
    exclusive: bool

    def maps(self, windows: Windows, batch_size: int) -> Iterator[tuple[int, Maps]]:
        """Predict all slices in order.

        Yields:
            Number of the first slice, and probabilities (K, n, H, W) of it and its successors.
        """
        ...


@final
class Segmentor:
    """Any per-pixel segmentor of mmsegmentation; says what the slice in a window's middle is.

    Args:
        model: in eval mode.
        flip: also ask of the mirrored slices; see `SegmentorLogits`.
        scales: factors of the slices' size to ask at.
    """

    exclusive = True

    def __init__(self, model: Any, *, flip: bool, scales: Sequence[float]) -> None:
        self.classes = int(model.num_classes) - 1
        self._logits = SegmentorLogits(model, flip=flip, scales=scales)

    def maps(self, windows: Windows, batch_size: int) -> Iterator[tuple[int, Maps]]:
        """Predict all slices; see `SliceNetwork`."""
        start = 0
        for samples in windows.batches(batch_size):
            found = [self._foreground(planes, size) for planes, size in self._logits.of(samples)]
            yield start, np.concatenate(found, axis=1)
            start += len(found)

    def _foreground(self, planes: Tensor, size: tuple[int, int]) -> Maps:
        probabilities = resized(planes, size, self._logits.align_corners).softmax(dim=1)
        return probabilities[:, 1:].swapaxes(0, 1).cpu().numpy()


@final
class CoarseNetwork:
    """RSTN's coarse network; says what all slices of a window are."""

    exclusive = False

    def __init__(self, model: RSTN) -> None:
        self.classes = model.network.classes
        self._model = model

    def maps(self, windows: Windows, batch_size: int) -> Iterator[tuple[int, Maps]]:
        """Predict all slices, each as the mean over its windows; see `SliceNetwork`."""
        found = (
            by_class(self._model.network.coarse_map(slices_of(self._model, samples)), samples)
            for samples in windows.batches(batch_size)
        )
        yield from averaged(found, windows_of_slices(windows.count))


def networks(
    models: Mapping[View, nn.Module], *, flip: bool = False, scales: Sequence[float] = (1.0,)
) -> dict[View, SliceNetwork]:
    """Return the network of each view.

    Args:
        models: by view.
        flip: whether segmentors are also asked of the mirrored slices.
        scales: factors of the slices' size that segmentors are asked at.

    Raises:
        ValueError: there is none.
        UserError: they do not predict the same classes in the same way, or RSTN is to see slices
            other than as they are.
    """
    if not models:
        raise ValueError("volumes are predicted by one network for each view, and there is none")
    made: dict[View, SliceNetwork] = {
        view: _as_it_is(model, flip, scales)
        if isinstance(model, RSTN)
        else Segmentor(model, flip=flip, scales=scales)
        for view, model in models.items()
    }
    # With one foreground class, a sigmoid and a softmax mean the same.
    kinds = {view: (of.classes, of.exclusive and of.classes > 1) for view, of in made.items()}
    if len(set(kinds.values())) > 1:
        stated = ", ".join(
            f"{view} {type(models[view]).__name__} with {of.classes} foreground classes"
            for view, of in made.items()
        )
        raise UserError(f"the networks of all views must predict the same classes, got {stated}")
    return made


def _as_it_is(model: RSTN, flip: bool, scales: Sequence[float]) -> CoarseNetwork:
    if flip or tuple(scales) != (1.0,):
        raise UserError(
            "flip and scales: RSTN predicts slices as they are, neither mirrored nor scaled; leave "
            "both out of inference and reference_inference"
        )
    return CoarseNetwork(model)


def slices_of(model: RSTN, samples: list[Any]) -> Tensor:
    """Preprocess packed windows for RSTN, (N, 3, H, W), without any padding.

    Raises:
        UserError: the pipeline changed the size of the slices.
    """
    batch = model.data_preprocessor(pseudo_collate(samples), False)
    meta = batch["data_samples"][0].metainfo
    require_original_size([meta])
    inputs = without_padding(batch["inputs"], meta)
    if tuple(inputs.shape[-2:]) != tuple(meta["ori_shape"][:2]):
        raise UserError(
            f"{meta.get('img_path')}: RSTN predicts slices at their own size "
            f"{tuple(meta['ori_shape'][:2])}, but the test pipeline made {tuple(inputs.shape[-2:])}"
            " of it; take out what resizes"
        )
    return inputs


def by_class(maps: Tensor, samples: Sequence[Any]) -> Maps:
    """Return RSTN's maps (N, 3K, H, W) of packed windows as (N, K, 3, H, W).

    Raises:
        UserError: they are not finite.
    """
    require_finite_maps(maps, [sample["data_samples"] for sample in samples])
    count, channels, *size = maps.shape
    return maps.reshape(count, channels // SLICES, SLICES, *size).cpu().numpy()
