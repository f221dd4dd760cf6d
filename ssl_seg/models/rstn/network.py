"""The recurrent saliency transformation network: a coarse and a fine FCN with weights in between.

Yu et al.: Recurrent Saliency Transformation Network: Incorporating Multi-Stage Visual Cues for
Small Organ Segmentation (CVPR 2018).
"""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from ssl_seg.core.errors import UserError
from ssl_seg.models.rstn.box import (
    Box,
    bounding_box,
    common_box,
    crop,
    even_margins,
    random_margins,
    uncrop,
    whole,
)
from ssl_seg.models.rstn.channels import SLICES, foreground
from ssl_seg.models.rstn.fcn import FCN
from ssl_seg.models.rstn.release import RELEASES, Release
from ssl_seg.models.rstn.saliency import SaliencyTransformation
from ssl_seg.models.rstn.shape import FCNShape
from ssl_seg.registry import suggestion

SECTIONS = ("S", "I", "J")
"""Of training, in this order: separate, individual, joint."""


@final
class RSTNetwork(nn.Module):
    """Segments three neighbouring slices, first roughly, then again around what was found.

    The image is multiplied with weights that the transformation makes of a probability map, cropped
    to a box with margins around a mask, and segmented by the fine network at native resolution:

    ===============  ===================================  ==============
    forward          box around                           image weighted
    ===============  ===================================  ==============
    S                the labels                           no
    I                the labels                           by coarse map
    J                the coarse map where it is ≥ 1/2,    by coarse map
                     the labels where that is nowhere
    `coarse_map`     – (the coarse network alone)         –
    `oracle_map`     the labels                           by coarse map
    `fine_map`       a given mask                         by given map
    ===============  ===================================  ==============

    A mask without any pixel makes the box the whole image; in `fine_map` nothing is found there.
    Boxes pass no gradient on; weights do, to the coarse network.

    Each sample of a batch is black outside its own box. The crop is the smallest around all boxes,
    so a sample's output depends on the others of its batch; alone it is as published. A batch has
    one draw of margins.

    Args:
        shape: of both FCNs.
        classes: foreground classes K; each has three channels of the maps, one for each slice.
        release: one of `RELEASES`.
        margin: of the boxes, in pixels; drawn at random around it in training mode, see
            `random_margins`.

    Raises:
        UserError: an unknown release, no foreground class, or a negative margin.
    """

    def __init__(
        self, shape: FCNShape, *, classes: int = 1, release: str = "pytorch", margin: int = 20
    ) -> None:
        super().__init__()
        if release not in RELEASES:
            raise UserError(f"no release is named {release!r}{suggestion(release, RELEASES)}")
        if classes < 1:
            raise UserError(f"RSTN needs at least one foreground class, got {classes}")
        if margin < 0:
            raise UserError(f"margin must be 0 pixels or more, got {margin}")
        self.classes = classes
        self.margin = margin
        version, outputs = RELEASES[release], SLICES * classes
        self.coarse = _fcn(shape, outputs, version)
        self.saliency = SaliencyTransformation(version, outputs)
        self.fine = _fcn(shape, outputs, version)

    def forward(self, images: Tensor, labels: Tensor, section: str) -> tuple[Tensor, Tensor]:
        """Return the coarse and the fine probabilities in a section of training.

        Args:
            images: (N, 3, H, W) in [0, 1].
            labels: (N, 3, H, W) uint8 class numbers.
            section: one of `SECTIONS`.

        Returns:
            Two maps (N, 3K, H, W) float32, as `ssl_seg.models.rstn.channels` orders them; the fine
            one is 0 outside the box.
        """
        coarse = self.coarse_map(images)
        weighted = images if section == "S" else images * self.saliency(coarse)
        truth = foreground(labels, self.classes)
        masks = _first_not_empty(coarse >= 0.5, truth) if section == "J" else truth
        return coarse, self._in_boxes(weighted, self._boxes(masks))

    def coarse_map(self, images: Tensor) -> Tensor:
        """Return the coarse network's probabilities (N, 3K, H, W) of images (N, 3, H, W)."""
        return _probabilities(self.coarse(images))

    def oracle_map(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the fine network's probabilities where the labels say where to look.

        Args:
            images: (N, 3, H, W) in [0, 1].
            labels: (N, 3, H, W) uint8 class numbers.
        """
        _, fine = self(images, labels, "I")
        return fine

    def fine_map(self, images: Tensor, score: Tensor, mask: Tensor) -> Tensor:
        """Return the fine network's probabilities after another round's result.

        Args:
            images: (N, 3, H, W) in [0, 1].
            score: (N, 3K, H, W) probabilities of the round before, which weight the image.
            mask: (N, C, H, W) bool, where to look, in any of its channels.

        Returns:
            (N, 3K, H, W) float32, 0 outside the box, and throughout where the mask is empty.
        """
        found = torch.zeros_like(score, dtype=torch.float32)
        there = mask.any(dim=(1, 2, 3))
        if there.any():
            weighted = images[there] * self.saliency(score[there])
            found[there] = self._in_boxes(weighted, self._boxes(mask[there]))
        return found

    def _boxes(self, masks: Tensor) -> list[Box]:
        size = masks.shape[-2:]
        margins = random_margins(self.margin) if self.training else even_margins(self.margin)
        found = [bounding_box(mask) or whole(size) for mask in masks]
        return [box.grown(margins, size) for box in found]

    def _in_boxes(self, images: Tensor, boxes: list[Box]) -> Tensor:
        logits = self.fine(crop(images, boxes)).float()
        return torch.sigmoid(uncrop(logits, common_box(boxes), images.shape[-2:]))


def _fcn(shape: FCNShape, outputs: int, version: Release) -> FCN:
    return FCN(shape, outputs, dropout=version.dropout, final_conv=version.final_conv)


def _probabilities(logits: Tensor) -> Tensor:
    # Under mixed precision too, as a sum over half a million pixels is taken of them.
    return torch.sigmoid(logits.float())


def _first_not_empty(masks: Tensor, others: Tensor) -> Tensor:
    """Return each sample's mask, or the other one where it is empty."""
    there = masks.any(dim=(1, 2, 3)).view(-1, 1, 1, 1)
    return torch.where(there, masks, others)
