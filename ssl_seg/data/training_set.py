"""The samples of one train stage, each a pure function of its index."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
import torch
from torch.utils.data import Dataset

from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.core.fingerprint import derive_seed
from ssl_seg.core.space import LabelSpace
from ssl_seg.core.stage import Augmentation, Source, SourceKind
from ssl_seg.core.stage_config import ConfigPart
from ssl_seg.data.pseudo_labels import PseudoLabels
from ssl_seg.data.sample_order import SampleIndex
from ssl_seg.data.sample_pipeline import SamplePipeline
from ssl_seg.media.records import Records

Copies = Mapping[SourceKind, Sequence[Augmentation]]
"""The copies of a sample that a training wants, by the kind of its source; ``weak`` if absent."""

_ONE: tuple[Augmentation, ...] = ("weak",)


@final
class Samples:
    """One source made ready for reading.

    Args:
        source: what the plan says.
        pseudo: its pseudo labels; ``None`` for true labels.
        records: what its pipeline starts from, sample by sample.
        strong: transforms that strong copies also go through.
        weight: exponent of the confidence by which pixels count, where the records state it.

    Attributes:
        pipeline: makes the copies of a sample.
    """

    def __init__(
        self,
        source: Source,
        pseudo: PseudoLabels | None,
        records: Records,
        strong: Sequence[ConfigPart] = (),
        weight: float = 0,
    ) -> None:
        self.source = source
        self.pseudo = pseudo
        self.records = records
        self.pipeline = SamplePipeline(
            source.pipeline,
            strong,
            unlabeled=source.kind == "unlabeled",
            ignore=source.values.space.ignore,
            weight=weight,
        )

    def __len__(self) -> int:
        return len(self.records)


class TrainingSet(Dataset[list[Mapping[str, Any]]]):
    """Samples by their index in the stream.

    Random transforms are seeded by (stage seed, iteration, position), so a sample is the same
    whichever worker makes it and however often training was resumed.

    Args:
        sources: the sources in plan order.
        space: what the model predicts.
        seed: of the stage.
        copies: of each sample that are wanted.
    """

    def __init__(
        self, sources: Sequence[Samples], space: LabelSpace, seed: int, copies: Copies | None = None
    ) -> None:
        self._sources = sources
        self._copies: Copies = copies or {}
        self._seed = seed
        # mmengine's hooks hand this on to visualizers.
        self.metainfo = {"classes": space.classes, "palette": space.palette}

    def __getitem__(self, index: SampleIndex) -> list[Mapping[str, Any]]:
        """Return the packed copies of a sample: ``inputs`` (C, H, W) and ``data_samples`` each.

        The metainfo of the latter holds ``case``, ``source`` (its kind), ``space`` (the name of its
        mask's label space) and ``copy`` (its number among the copies).

        Raises:
            UserError: the pipeline drops the case, for which no other one silently stands in, or
                does not pack it; or a strong transform moves what it is to show.
        """
        opened = self._sources[index.source]
        source, case = opened.source, opened.records.case(index.item)
        seed_generators(derive_seed("sample", self._seed, index.iteration, index.position))
        record = opened.records.record(index.item)
        packed = opened.pipeline(
            {**record, "reduce_zero_label": False, "seg_fields": []},
            self._copies.get(source.kind, _ONE),
        )
        if packed is None:
            raise UserError(
                f"the pipeline of train_dataloader.dataset returned nothing for {case.image.path}; "
                "a transform dropped the case"
            )
        for number, copy in enumerate(packed):
            _check_label(copy, source, case)
            _check_sizes(copy, case)
            copy["data_samples"].set_metainfo(
                {
                    "case": case.id,
                    "source": source.kind,
                    "space": source.values.space.name,
                    "copy": number,
                }
            )
        return [dict(copy) for copy in packed]


def _check_label(packed: Mapping[str, Any], source: Source, case: Case) -> None:
    if "data_samples" not in packed:
        raise UserError(
            f"{case.image.path}: the pipeline of train_dataloader.dataset does not pack its "
            "samples; let it end in PackSegInputs"
        )
    if "gt_sem_seg" in packed["data_samples"]:
        return
    pipeline = "train_dataloader.dataset.pipeline"
    if source.kind == "pseudo":
        pipeline = f"split.reference.pipeline, or without one {pipeline},"
    raise UserError(
        f"{case.image.path}: the pipeline loads no mask, but training learns from "
        f"{source.kind} samples. Give {pipeline} a LoadAnnotations (LoadSliceLabels for volumes) "
        "behind the loader of images, which reads true and pseudo labels alike, and crops and "
        "flips as you want them in training"
    )


def _check_sizes(packed: Mapping[str, Any], case: Case) -> None:
    size, labels = packed["inputs"].shape[-2:], packed["data_samples"].gt_sem_seg.shape
    if tuple(size) != tuple(labels):
        raise UserError(
            f"{case.image.path}: the pipeline returns a picture of {size[1]}x{size[0]} pixels and "
            f"a mask of {labels[1]}x{labels[0]}; transforms must treat both alike, and one of "
            "your own that loads pictures must obey max_side (or set max_side=None)"
        )


def seed_generators(seed: int) -> None:
    """Seed the three generators that transforms, models and hooks draw from."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - they use numpy's global generator
    torch.manual_seed(seed)
