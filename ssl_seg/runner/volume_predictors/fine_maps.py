"""RSTN's fine network on the part of a volume where the round before found something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ssl_seg.media.volumes.cut import Place
from ssl_seg.models.rstn import RSTN
from ssl_seg.models.rstn.channels import SLICES
from ssl_seg.runner.volume_predictors.fusion import Maps
from ssl_seg.runner.volume_predictors.networks import by_class, slices_of
from ssl_seg.runner.volume_predictors.overlaps import averaged, windows_of_slices
from ssl_seg.runner.volume_predictors.windows import Windows

Mask: TypeAlias = NDArray[np.bool_]


def reach(model: RSTN) -> int:
    """Return how far from a mask its box and what weights the box's pixels look, in pixels."""
    network = model.network
    layers = network.saliency.modules()
    radii = (int(layer.kernel_size[0]) // 2 for layer in layers if isinstance(layer, nn.Conv2d))
    return network.margin + sum(radii)


def fine_maps(
    model: RSTN, windows: Windows, place: Place, score: Maps, mask: Mask
) -> Iterator[tuple[int, Maps]]:
    """Predict a part of a volume along a view.

    The same as on the whole volume, as long as the part goes by `reach` beyond the mask wherever
    the volume does. One window at a time, as a batch would share one box.

    Args:
        model: the view's.
        windows: of the whole volume along the view.
        place: of the part in the volume.
        score: (K, z, y, x), the part's probabilities in the round before.
        mask: (z, y, x), the part's foreground in the round before.

    Yields:
        Number of the first slice in the part, and probabilities (K, n, H, W) of it and its
        successors; 0 for a window without mask.
    """
    slices = windows.place(place)[0]
    found = _windows(model, windows, place, score, mask)
    yield from averaged(found, windows_of_slices(windows.count)[slices])


def _windows(
    model: RSTN, windows: Windows, place: Place, score: Maps, mask: Mask
) -> Iterator[Maps]:
    slices, rows, columns = windows.place(place)
    scores, masks = windows.cut.slices(score), windows.cut.slices(mask)
    classes, count, height, width = scores.shape
    nothing = np.zeros((1, classes, SLICES, height, width), np.float32)
    touched = np.any(masks.reshape(count, -1), axis=1)
    for number in range(count):
        triple = np.clip(np.arange(number - 1, number + 2), 0, count - 1)
        if not touched[triple].any():
            yield nothing
            continue
        window = [windows[slices.start + number]]
        images = slices_of(model, window)[..., rows, columns]
        before = torch.from_numpy(scores[:, triple].reshape(1, -1, height, width))
        there = torch.from_numpy(masks[triple][None])
        device = images.device
        maps = model.network.fine_map(images, before.to(device), there.to(device))
        yield by_class(maps, window)
