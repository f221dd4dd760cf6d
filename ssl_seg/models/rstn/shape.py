"""The shape of a fully convolutional network, and where its maps lie on each other.

A map's pixels have positions in the input: a pooled map's pixel i is in the middle of 2i and
2i + 1 of the map above, a valid K×K convolution starts (K - 1)/2 pixels inside, and a transposed
convolution of stride s and kernel 2s puts the centre of pixel i at si + s - 1/2. All crop offsets
follow from these three.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ssl_seg.core.errors import UserError
from ssl_seg.registry import suggestion


@dataclass(frozen=True)
class FCNShape:
    """What a fully convolutional network with skips is made of, input and output channels apart.

    Attributes:
        stages: for each stage the channels and the number of its 3×3 convolutions; each stage ends
            in a 2×2 max-pooling.
        fc_width: channels of the two layers that stand for a classifier's fully connected ones.
        fc_kernel: kernel size of the first of them; odd, at least 3.
        padding: zeros around the input, in pixels.
        skips: stages before the last one that are scored too; 2 of 5 make an FCN-8s.

    Raises:
        UserError: a value is out of range, or the padding is too small for a crop of one pixel to
            pass all stages.
    """

    stages: tuple[tuple[int, int], ...]
    fc_width: int
    fc_kernel: int
    padding: int
    skips: int

    def __post_init__(self) -> None:
        pairs = all(len(stage) == 2 and min(stage) >= 1 for stage in self.stages)
        if not (self.stages and pairs and self.fc_width >= 1):
            raise UserError(
                "an FCN needs stages of (channels, convolutions) and an fc_width, all at least 1, "
                f"got stages={self.stages} and fc_width={self.fc_width}"
            )
        if self.fc_kernel < 3 or self.fc_kernel % 2 == 0:
            raise UserError(f"fc_kernel must be odd and at least 3, got {self.fc_kernel}")
        if not 0 <= self.skips < len(self.stages):
            raise UserError(
                f"skips must be from 0 to {len(self.stages) - 1} for {len(self.stages)} stages, "
                f"got {self.skips}"
            )
        if self.padding < self.smallest_padding:
            raise UserError(
                f"{len(self.stages)} stages before a kernel of {self.fc_kernel} need a padding of "
                f"at least {self.smallest_padding}, so that a crop of any size passes; got "
                f"{self.padding}"
            )

    @classmethod
    def of(cls, network: str | Mapping[str, Any]) -> FCNShape:
        """Return the shape that a config means.

        Args:
            network: a name of `SHAPES`, or a dict with any of the attributes to replace in the
                shape that its key ``base`` names ('vgg16' by default), and a factor ``width`` of
                all channels.

        Raises:
            UserError: the name or a key is unknown, or a value is out of range.
        """
        given = {"base": network} if isinstance(network, str) else network
        changes: dict[str, Any] = dict(given)
        base, width = changes.pop("base", "vgg16"), changes.pop("width", 1.0)
        if base not in SHAPES:
            raise UserError(f"no network is named {base!r}{suggestion(base, SHAPES)}")
        known = [field.name for field in fields(cls)]
        if unknown := [key for key in changes if key not in known]:
            hint = suggestion(unknown[0], [*known, "base", "width"])
            raise UserError(f"a network has no {unknown[0]!r}{hint}")
        if "stages" in changes:
            changes["stages"] = tuple(map(tuple, changes["stages"]))
        return replace(SHAPES[base], **changes).widened(width)

    def widened(self, factor: float) -> FCNShape:
        """Return the shape with its channels multiplied and rounded, each at least 1."""
        if factor <= 0:
            raise UserError(f"width must be positive, got {factor}")
        return replace(
            self,
            stages=tuple((max(1, round(width * factor)), count) for width, count in self.stages),
            fc_width=max(1, round(self.fc_width * factor)),
        )

    @property
    def smallest_padding(self) -> int:
        """Padding with which an input of one pixel still covers the kernel after all poolings."""
        return int(2 ** (len(self.stages) - 1)) * (self.fc_kernel - 1) + 1

    @property
    def skip_offsets(self) -> tuple[int, ...]:
        """Where the upsampled scores lie in the pooled map of each skip, from the last one up.

        (5, 9) for VGG16.
        """
        return tuple(self._offset(skip) for skip in range(1, self.skips + 1))

    @property
    def output_stride(self) -> int:
        """Factor of the last upsampling, in pixels of the input; 8 for an FCN-8s."""
        return int(2 ** (len(self.stages) - self.skips))

    @property
    def output_offset(self) -> int:
        """Where the input lies in the last upsampled map; 31 for VGG16."""
        stride = self.output_stride
        # The first 3×3 convolution's own padding would be 1.
        return self.padding - 1 + stride // 2 - stride * self._offset(self.skips)

    def _offset(self, skip: int) -> int:
        # At 2i + 1/2 of the map above lies pixel i of a pooled one, at 2i + 3/2 of an upsampled.
        offset = (self.fc_kernel - 1) // 2
        for _ in range(skip):
            offset = 2 * offset - 1
        return offset


SHAPES = {
    "vgg16": FCNShape(
        stages=((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)),
        fc_width=4096,
        fc_kernel=7,
        padding=100,
        skips=2,
    ),
    "tiny": FCNShape(
        stages=((8, 2), (16, 2), (32, 2), (64, 2)),
        fc_width=128,
        fc_kernel=3,
        padding=17,
        skips=2,
    ),
}
"""FCN-8s on VGG16 as published, and one for CPUs with 1/800 of its weights and output stride 4."""
