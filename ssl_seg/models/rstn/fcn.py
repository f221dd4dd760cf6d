"""A fully convolutional network with skips: FCN-8s on VGG16, and narrower ones of its kind.

Layers have the names that published weight files use.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import final

from torch import Tensor, nn

from ssl_seg.models.rstn.shape import FCNShape
from ssl_seg.models.rstn.upsampling import BilinearUpsampling

INPUTS = 3
"""Channels of the input: three neighbouring slices, or the colours of the weights' pictures."""


@final
class FCN(nn.Module):
    """Scores each pixel of an image of any size.

    Long, Shelhamer, Darrell: Fully Convolutional Networks for Semantic Segmentation (CVPR 2015).

    Args:
        shape: what it is made of.
        outputs: channels of the output.
        dropout: makes the layer behind each of the two wide ones, with probability 0.5.
        final_conv: end in one more 3×3 convolution of the scores, named ``score``.
    """

    def __init__(
        self,
        shape: FCNShape,
        outputs: int,
        *,
        dropout: Callable[[], nn.Module] = nn.Dropout2d,
        final_conv: bool = False,
    ) -> None:
        super().__init__()
        self.shape = shape
        widths = [width for width, _ in shape.stages]
        self.stages = nn.ModuleList(
            _stage(number, before, width, count, shape.padding if number == 1 else 1)
            for number, (before, (width, count)) in enumerate(
                zip([INPUTS, *widths], shape.stages, strict=False), start=1
            )
        )
        self.classifier = _classifier(shape, dropout)
        self.score_fr = nn.Conv2d(shape.fc_width, outputs, 1)
        skipped = range(len(widths) - 1, len(widths) - 1 - shape.skips, -1)
        self.score_pools = nn.ModuleDict(
            {f"score_pool{number}": nn.Conv2d(widths[number - 1], outputs, 1) for number in skipped}
        )
        self.doublings = nn.ModuleList(BilinearUpsampling(outputs, 2) for _ in skipped)
        self.upscore = BilinearUpsampling(outputs, shape.output_stride)
        self.score = nn.Conv2d(outputs, outputs, 3, padding=1) if final_conv else nn.Identity()

    def layers(self) -> dict[str, nn.Conv2d]:
        """Return the convolutions by name, such as ``conv1_1``, ``fc6``, ``score_pool4``."""
        return {
            name.rpartition(".")[2]: module
            for name, module in self.named_modules()
            if isinstance(module, nn.Conv2d)
        }

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, outputs, H, W) of images (N, 3, H, W) of any size from 1×1."""
        maps: deque[Tensor] = deque([images], maxlen=self.shape.skips + 1)
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        scores = self.score_fr(self.classifier(maps.pop()))
        for doubling, score, offset in zip(
            self.doublings, self.score_pools.values(), self.shape.skip_offsets, strict=True
        ):
            scores = _add_skip(doubling(scores), maps.pop()[..., offset:, offset:], score)
        start, (height, width) = self.shape.output_offset, images.shape[-2:]
        inside = self.upscore(scores)[..., start : start + height, start : start + width]
        logits: Tensor = self.score(inside)
        return logits


def _stage(number: int, before: int, width: int, count: int, padding: int) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for place in range(1, count + 1):
        first = place == 1
        layers[f"conv{number}_{place}"] = nn.Conv2d(
            before if first else width, width, 3, padding=padding if first else 1
        )
        layers[f"relu{number}_{place}"] = nn.ReLU(inplace=True)
    layers[f"pool{number}"] = nn.MaxPool2d(2, ceil_mode=True)
    return nn.Sequential(layers)


def _classifier(shape: FCNShape, dropout: Callable[[], nn.Module]) -> nn.Sequential:
    count, before = len(shape.stages), shape.stages[-1][0]
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, channels, kernel in (
        (count + 1, before, shape.fc_kernel),
        (count + 2, shape.fc_width, 1),
    ):
        layers[f"fc{number}"] = nn.Conv2d(channels, shape.fc_width, kernel)
        layers[f"relu{number}"] = nn.ReLU(inplace=True)
        layers[f"drop{number}"] = dropout()
    return nn.Sequential(layers)


def _add_skip(scores: Tensor, pooled: Tensor, score: nn.Module) -> Tensor:
    """Add the scores of a pooled map to upsampled ones that start at the same place.

    Poolings of odd sizes round up, so that either of them may reach beyond the other's end.
    """
    height = min(scores.shape[-2], pooled.shape[-2])
    width = min(scores.shape[-1], pooled.shape[-1])
    total: Tensor = scores[..., :height, :width] + score(pooled[..., :height, :width])
    return total
