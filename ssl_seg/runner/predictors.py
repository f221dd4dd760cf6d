"""Predictors: from a case to its mask, by a model of mmsegmentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import torch
from mmcv.transforms import Compose
from mmengine.device import get_device
from torch import Tensor, nn

from ssl_seg.adapters.adapter import PredictionAdapter
from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.core.fingerprint import fingerprint
from ssl_seg.core.stage_config import LabelConfig
from ssl_seg.core.views import View
from ssl_seg.data import transforms  # noqa: F401 - registers the transforms
from ssl_seg.media.reader import Reader
from ssl_seg.models.ensemble import Ensemble
from ssl_seg.models.predictor import Prediction, Predictor
from ssl_seg.registry import ADAPTERS, PREDICTORS, TRANSFORMS
from ssl_seg.runner import models
from ssl_seg.runner.segmentor_logits import SegmentorLogits, resized


def open_predictor(
    config: LabelConfig,
    weights: Sequence[Mapping[View | None, Path]],
    pipeline: Sequence[Mapping[str, Any]],
    reader: Reader,
) -> Predictor:
    """Build the predictor of a label stage (networks, inference, adapters) around trained weights.

    Args:
        config: of the stage.
        weights: for each teacher the files of its networks, by view; the probabilities of several
            are averaged, view by view.
        pipeline: of the images.
        reader: of the images.
    """
    networks = {
        network.view: _together(
            [models.trained(network.model, files[network.view]) for files in weights]
        )
        for network in config.networks
    }
    return _built(config, networks, pipeline, reader)


def _together(networks: Sequence[nn.Module]) -> nn.Module:
    """Return one network as it is, and several as an ensemble."""
    return networks[0] if len(networks) == 1 else Ensemble(networks)


def untrained_predictor(
    config: LabelConfig,
    teachers: int,
    pipeline: Sequence[Mapping[str, Any]],
    reader: Reader,
) -> Predictor:
    """Build the predictor of a label stage around networks as they are built, to try it out.

    Args:
        config: of the stage.
        teachers: how many label together.
        pipeline: of the images.
        reader: of the images.

    Raises:
        UserError: it refuses the networks, the pipeline or an option.
    """
    # Networks of several views are alike but for overlays, so the same one may stand for them.
    made: dict[str, nn.Module] = {}
    networks: dict[View | None, nn.Module] = {}
    for network in config.networks:
        kind = fingerprint(network.model)
        if kind not in made:
            built = models.build(network.model).to(get_device()).eval()
            made[kind] = _together([built] * teachers)
        networks[network.view] = made[kind]
    return _built(config, networks, pipeline, reader)


def _built(
    config: LabelConfig,
    networks: Mapping[View | None, nn.Module],
    pipeline: Sequence[Mapping[str, Any]],
    reader: Reader,
) -> Predictor:
    given = reader.given(networks, pipeline)
    predictor: Predictor = PREDICTORS.build(config.inference, *given, where="inference")
    for position, adapter in enumerate(config.adapters):
        built: PredictionAdapter = ADAPTERS.build(adapter, where=f"adapters[{position}]")
        predictor = built.around(predictor)
    return predictor


@PREDICTORS.register_module()
@final
class Image:
    """Predicts images with any per-pixel segmentor of mmsegmentation.

    Whole image or sliding window, as ``model.test_cfg`` says.

    Args:
        model: an mmsegmentation segmentor (``EncoderDecoder``) in eval mode.
        pipeline: transforms without any that reads labels, ending in ``PackSegInputs``.
        flip: also predict the mirrored image.
        scales: factors of the input size to predict at. With more than one view the mean of the
            views' probabilities counts.

    Raises:
        UserError: scales are no list, or one of them is no positive number.
    """

    def __init__(
        self,
        model: Any,
        pipeline: Sequence[Mapping[str, Any]],
        *,
        flip: bool = False,
        scales: Sequence[float] = (1.0,),
    ) -> None:
        self._logits = SegmentorLogits(model, flip=flip, scales=scales)
        self._transform = Compose([TRANSFORMS.build(dict(step)) for step in pipeline])

    def read(self, case: Case) -> Mapping[str, Any]:
        """Read an image through the pipeline.

        Raises:
            UserError: the pipeline drops the image.
        """
        packed = self._transform({"img_path": case.image.path, "seg_fields": []})
        if packed is None:
            raise UserError(f"the test pipeline returned nothing for {case.image.path}")
        return dict(packed)

    @torch.inference_mode()
    def predict(self, samples: Sequence[Any]) -> list[Prediction]:
        """Predict images; neighbours of equal input size go through the network together."""
        runs: list[list[Any]] = []
        for sample in samples:
            if runs and runs[-1][0]["inputs"].shape == sample["inputs"].shape:
                runs[-1].append(sample)
            else:
                runs.append([sample])
        return [prediction for run in runs for prediction in self._predict_equal(run)]

    def _predict_equal(self, samples: Sequence[Any]) -> list[Prediction]:
        corners = self._logits.align_corners
        return [most_likely(planes, size, corners) for planes, size in self._logits.of(samples)]


def most_likely(logits: Tensor, size: Sequence[int], align_corners: bool) -> Prediction:
    """Return the mask of one image at its original size.

    The same labels as interpolating all classes and taking the argmax, but class by class, which
    holds three planes in memory whatever the number of classes.

    Args:
        logits: (1, C, h, w) float32.
        size: original height and width.
        align_corners: of the interpolation, as in the model's head.
    """
    best = resized(logits[:, :1], size, align_corners)
    labels = torch.zeros_like(best, dtype=torch.uint8)
    total = torch.ones_like(best)  # sum over classes of exp(logit - best)
    for number in range(1, logits.shape[1]):
        plane = resized(logits[:, number : number + 1], size, align_corners)
        labels.masked_fill_(plane > best, number)
        higher = torch.maximum(best, plane)
        total.mul_((best - higher).exp_()).add_((plane - higher).exp_())
        best = higher
    confidence = total.reciprocal_()
    return Prediction(
        labels[0, 0].cpu().numpy(),
        confidence[0, 0].cpu().numpy(),
        lambda: resized(logits, size, align_corners)[0].softmax(dim=0).cpu().numpy(),
    )
