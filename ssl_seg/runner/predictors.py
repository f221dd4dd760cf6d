"""Predictors: from a case to its label map, by a model of mmsegmentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import torch
from mmcv.transforms import Compose
from mmengine.dataset import pseudo_collate
from torch import Tensor
from torch.nn import functional

from ssl_seg.adapters.adapter import PredictionAdapter
from ssl_seg.core.case import Case
from ssl_seg.data import transforms  # noqa: F401 - registers the transforms
from ssl_seg.models.predictor import Prediction, Predictor
from ssl_seg.registry import ADAPTERS, PREDICTORS, TRANSFORMS
from ssl_seg.runner import models


def open_predictor(
    recipe: Mapping[str, Any], weights: Path, pipeline: Sequence[Mapping[str, Any]]
) -> Predictor:
    """Build the predictor of a recipe (model, inference, adapters) around trained weights."""
    model = models.trained(recipe["model"], weights)
    predictor: Predictor = PREDICTORS.build(recipe["inference"], model, pipeline, where="inference")
    for position, adapter in enumerate(recipe["adapters"]):
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
        ValueError: a scale is not positive.
    """

    def __init__(
        self,
        model: Any,
        pipeline: Sequence[Mapping[str, Any]],
        *,
        flip: bool = False,
        scales: Sequence[float] = (1.0,),
    ) -> None:
        if not scales or min(scales) <= 0:
            raise ValueError(f"scales must be positive factors, got {scales!r}")
        self._model = model
        self._transform = Compose([TRANSFORMS.build(dict(step)) for step in pipeline])
        mirrored = (False, True) if flip else (False,)
        self._views = [(scale, mirror) for scale in scales for mirror in mirrored]

    def read(self, case: Case) -> Mapping[str, Any]:
        """Read an image through the pipeline.

        Raises:
            RuntimeError: the pipeline drops the image.
        """
        packed = self._transform({"img_path": case.image.path, "seg_fields": []})
        if packed is None:
            raise RuntimeError(f"the test pipeline returned nothing for {case.image.path}")
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
        batch = self._model.data_preprocessor(pseudo_collate(samples), False)
        metas = [sample.metainfo for sample in batch["data_samples"]]
        logits = self._logits(batch["inputs"], metas)
        return [
            most_likely(_without_padding(logits[i : i + 1], meta), meta["ori_shape"], self._corners)
            for i, meta in enumerate(metas)
        ]

    @property
    def _corners(self) -> bool:
        return bool(self._model.align_corners)

    def _logits(self, inputs: Tensor, metas: list[dict[str, Any]]) -> Tensor:
        """Return logits (N, C, H, W) at the size of the inputs."""
        if self._views == [(1.0, False)]:
            return self._view(inputs, metas, 1.0, mirror=False)
        total = torch.stack(
            [
                self._view(inputs, metas, scale, mirror=mirror).softmax(dim=1)
                for scale, mirror in self._views
            ]
        ).mean(dim=0)
        # The logarithm of probabilities is a logit again, so one path leads to the label map.
        return total.clamp_min(torch.finfo(total.dtype).tiny).log()

    def _view(
        self, inputs: Tensor, metas: list[dict[str, Any]], scale: float, *, mirror: bool
    ) -> Tensor:
        size = inputs.shape[-2:]
        if scale != 1:
            inputs = functional.interpolate(inputs, scale_factor=scale, mode="bilinear")
        if mirror:
            inputs = inputs.flip(-1)
        shape = tuple(inputs.shape[-2:])
        metas = [{**meta, "img_shape": shape, "pad_shape": shape} for meta in metas]
        logits: Tensor = self._model.inference(inputs, metas)
        if logits.shape[1] == 1:
            logits = self._two_class(logits)
        if mirror:
            logits = logits.flip(-1)
        if logits.shape[-2:] != size:
            logits = _resize(logits, size, self._corners)
        return logits.float()

    def _two_class(self, logits: Tensor) -> Tensor:
        """Write a sigmoid output with its threshold as logits of background and foreground."""
        threshold = torch.tensor(self._model.decode_head.threshold, dtype=logits.dtype)
        return torch.cat([torch.zeros_like(logits), logits - threshold.logit()], dim=1)


def most_likely(logits: Tensor, size: Sequence[int], align_corners: bool) -> Prediction:
    """Return the label map of one image at its original size.

    The same labels as interpolating all classes and taking the argmax, but class by class, which
    holds three planes in memory whatever the number of classes.

    Args:
        logits: (1, C, h, w) float32.
        size: original height and width.
        align_corners: of the interpolation, as in the model's head.
    """
    best = _resize(logits[:, :1], size, align_corners)
    labels = torch.zeros_like(best, dtype=torch.uint8)
    total = torch.ones_like(best)  # sum over classes of exp(logit - best)
    for number in range(1, logits.shape[1]):
        plane = _resize(logits[:, number : number + 1], size, align_corners)
        labels.masked_fill_(plane > best, number)
        higher = torch.maximum(best, plane)
        total.mul_((best - higher).exp_()).add_((plane - higher).exp_())
        best = higher
    confidence = total.reciprocal_()
    return Prediction(labels[0, 0].cpu().numpy(), confidence[0, 0].cpu().numpy())


def _resize(planes: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    if tuple(planes.shape[-2:]) == tuple(size):
        return planes
    return functional.interpolate(
        planes, size=tuple(size), mode="bilinear", align_corners=align_corners
    )


def _without_padding(logits: Tensor, meta: Mapping[str, Any]) -> Tensor:
    left, right, top, bottom = meta.get("img_padding_size", (0, 0, 0, 0))
    height, width = logits.shape[-2:]
    return logits[..., top : height - bottom, left : width - right]
