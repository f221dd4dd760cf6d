"""RSTN as a model that mmengine trains."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import torch
from mmengine.model import BaseModel
from torch import Tensor

from ssl_seg.core.errors import UserError
from ssl_seg.models.rstn.channels import IGNORED, SLICES, foreground, known
from ssl_seg.models.rstn.initial_weights import INITIALISATIONS, init_weights
from ssl_seg.models.rstn.loss import COARSE_SHARE, FINE_SHARE, dsc_loss
from ssl_seg.models.rstn.network import SECTIONS, RSTNetwork
from ssl_seg.models.rstn.pretrained import load_pretrained
from ssl_seg.models.rstn.shape import FCNShape
from ssl_seg.registry import MODELS, suggestion

logger = logging.getLogger(__name__)


@MODELS.register_module()
@final
class RSTN(BaseModel):
    """The recurrent saliency transformation network in one section of its training.

    Models of all sections have the same weights by the same names, so that each section starts
    from the one before.

    Args:
        network: 'vgg16' as published, 'tiny' for CPUs, or a dict of changes to one of them, see
            `FCNShape.of`.
        section: of training, see `RSTNetwork`.
        num_classes: of the label space, with the background, which is class 0.
        release: of the transformation, see `ssl_seg.models.rstn.release`.
        margin: of the boxes, in pixels.
        init: the weights to begin with, see `ssl_seg.models.rstn.initial_weights`.
        data_preprocessor: mmengine's; one that stacks, such as ``SegDataPreProcessor``.
        init_cfg: ``dict(type='Pretrained', checkpoint=...)`` with a weight file of an FCN-8s or a
            VGG16, see `load_pretrained`.

    Raises:
        UserError: a name is unknown or a value out of range.
    """

    def __init__(
        self,
        *,
        network: str | Mapping[str, Any] = "vgg16",
        section: str = "J",
        num_classes: int = 2,
        release: str = "pytorch",
        margin: int = 20,
        init: str = "he",
        data_preprocessor: Mapping[str, Any] | None = None,
        init_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        if section not in SECTIONS:
            raise UserError(f"model.section must be one of {', '.join(SECTIONS)}, got {section!r}")
        if init not in INITIALISATIONS:
            raise UserError(f"model.init: there is no {init!r}{suggestion(init, INITIALISATIONS)}")
        # A checkpoint of None is a file that is not needed, as trained weights are loaded later.
        if init_cfg is not None and (
            init_cfg.get("type") != "Pretrained" or set(init_cfg) != {"type", "checkpoint"}
        ):
            raise UserError(
                "model.init_cfg: RSTN takes dict(type='Pretrained', checkpoint=...) or None, got "
                f"{init_cfg!r}; what is drawn without a file is model.init"
            )
        self.section = section
        self._init = init
        self.network = RSTNetwork(
            FCNShape.of(network), classes=num_classes - 1, release=release, margin=margin
        )

    def init_weights(self) -> None:
        """Draw the first weights, then load the weight file of ``init_cfg`` over them."""
        checkpoint = (self.init_cfg or {}).get("checkpoint")
        if checkpoint is None and self._init == "published":
            logger.warning(
                "model.init='published' fills the networks with zeros, which never learn without "
                "a weight file in model.init_cfg; choose init='he'"
            )
        init_weights(self.network, self._init)
        if checkpoint is not None:
            load_pretrained(self.network, Path(checkpoint))

    def redraw(self) -> None:
        """Draw the saliency transformation anew and leave the networks as they are."""
        self.network.saliency.init_weights()

    def forward(
        self, inputs: Tensor, data_samples: Sequence[Any] | None = None, mode: str = "tensor"
    ) -> Tensor | dict[str, Tensor]:
        """Return the losses in mode 'loss', the coarse network's probabilities in 'tensor'.

        Args:
            inputs: (N, 3, H, W) in [0, 1].
            data_samples: N samples whose ``gt_sem_seg`` is (3, H, W) uint8, for 'loss'.
            mode: mmengine's.

        Raises:
            ValueError: any other mode, inputs of another number of channels, or labels as `loss`
                refuses them.
        """
        if inputs.shape[1] != SLICES:
            raise UserError(
                f"RSTN takes {SLICES} neighbouring slices as channels, got inputs of shape "
                f"{tuple(inputs.shape)}"
            )
        if mode == "tensor":
            return self.network.coarse_map(inputs)
        if mode != "loss" or data_samples is None:
            raise ValueError(
                f"RSTN has no mode {mode!r} for {data_samples and len(data_samples)} samples: it "
                "predicts volumes in rounds, by its network's coarse_map and fine_map"
            )
        return self.loss(inputs, data_samples)

    def loss(self, inputs: Tensor, data_samples: Sequence[Any]) -> dict[str, Tensor]:
        """Return 1/3 of the coarse network's Dice loss and 2/3 of the fine one's.

        Args:
            inputs: (N, 3, H, W) in [0, 1].
            data_samples: N samples whose ``gt_sem_seg`` is (3, H, W) uint8.

        Raises:
            UserError: labels of another shape than the inputs, or of a class beyond
                ``num_classes``.
        """
        maps = [sample.gt_sem_seg.data for sample in data_samples]
        if stray := [tuple(each.shape) for each in maps if each.shape != inputs.shape[1:]]:
            raise UserError(
                f"RSTN learns from a mask for each of its {SLICES} slices, so labels have the "
                f"shape of an input {tuple(inputs.shape[1:])}; got {stray[0]}"
            )
        labels, classes = torch.stack(maps), self.network.classes
        if (beyond := labels[(labels > classes) & (labels != IGNORED)]).numel():
            raise UserError(
                f"model.num_classes is {classes + 1}, so labels are up to {classes}, or {IGNORED} "
                f"for pixels that do not count; got {int(beyond[0])}"
            )
        coarse, fine = self.network(inputs, labels, self.section)
        truth, counted = foreground(labels, classes), known(labels, classes)
        return {
            "loss_coarse": COARSE_SHARE * dsc_loss(coarse, truth, counted),
            "loss_fine": FINE_SHARE * dsc_loss(fine, truth, counted),
        }
