"""What the config says to each kind of stage: frozen and typed.

A stage can read nothing else of the config. All of it is hashed (see
`ssl_seg.core.stage_fingerprint`) but the one part of type `Neutral`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ssl_seg.core.case import MediumName
from ssl_seg.core.views import View

ConfigPart: TypeAlias = Mapping[str, Any]
"""A part of the config whose keys are mmengine's or a plug-in's."""

Mix: TypeAlias = Literal["concat"] | Mapping[str, float]
"""How samples of several kinds are mixed; see `ssl_seg.data.sample_order`."""

Join: TypeAlias = Literal["agree", "weigh"]
"""How stored pseudo labels are joined with what networks say; see `ssl_seg.methods.join`."""

DEFAULT_INTERVAL = 500
"""Iterations between two checkpoints of a training, unless the config says otherwise."""


@dataclass(frozen=True, kw_only=True)
class Neutral:
    """What changes no bit of any result, and so is in no fingerprint.

    Attributes:
        cache_dir: folder for the slices of volumes; ``None`` is one inside the work dir.
        loader: loader arguments that change no sample and no order, such as ``num_workers``.
        hooks: default hooks that only watch a training: ``logger``, ``timer``, ``runtime_info``.
        checkpoint_interval: iterations between two checkpoints of a training.
        checkpoints_kept: how many of them stay while it runs; ``None``: as few as resuming needs.
        log_level: of the training's log.
        log_processor: of the training's log; ``None``: mmengine's.
        visualizer: what shows losses; ``None``: mmengine's.
        vis_backends: where losses go; none: a file in the log folder.
        weight_files: path of each weight file that the config names, by its content's mark (see
            `ssl_seg.config.weights`); the marks are hashed where they stand.
        imports: what another process must import to know the plug-ins' types.
    """

    cache_dir: str | None = None
    loader: ConfigPart = field(default_factory=dict)
    hooks: ConfigPart = field(default_factory=dict)
    checkpoint_interval: int = DEFAULT_INTERVAL
    checkpoints_kept: int | None = None
    log_level: str = "INFO"
    log_processor: ConfigPart | None = None
    visualizer: ConfigPart | None = None
    vis_backends: tuple[ConfigPart, ...] = ()
    weight_files: Mapping[str, str] = field(default_factory=dict)
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PseudoLabelRule:
    """Which pixels of pseudo labels a student learns from, and how much; all alike by default.

    Attributes:
        threshold: least confidence, in (0, 1).
        class_balanced: share of each class's most confident pixels, in (0, 1).
        calibrated: least share of right pixels as measured on S by class and confidence, in (0, 1).
        weight: exponent of the confidence by which a pixel counts, at least 0; 0 as ``None``: all
            that are learned from count alike.
        join: how they are joined with what the networks say while they are trained.
    """

    threshold: float | None = None
    class_balanced: float | None = None
    calibrated: float | None = None
    weight: float | None = None
    join: Join | None = None


@dataclass(frozen=True, kw_only=True)
class ConvergenceRule:
    """When a training has converged; otherwise it starts again from other weights.

    Attributes:
        mean: what the mean of the last losses must stay below.
        least: what the least of them must stay below.
        window: share of the iterations that counts as the last, in (0, 1).
        attempts: how often to train at most, after which the last weights stay as they are.
    """

    mean: float
    least: float
    window: float
    attempts: int


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """What a train stage reads of the config.

    Attributes:
        model: an mmsegmentation segmentor; weight files stand as marks of their content.
        load_from: mark of the weight file that the model starts from; ``None``: none.
        optim_wrapper: mmengine's.
        param_scheduler: mmengine's, by iteration.
        max_iters: length of the training.
        batch_size: samples in one iteration.
        hooks: default hooks that may change a training.
        custom_hooks: mmengine's.
        env_cfg: mmengine's; ``None``: its default.
        convergence: when to start again; ``None``: never.
        oversample: share of the cases up to which a class counts as rare, in (0, 1]; ``None``: no
            case stands more than once in a pass.
        medium: what the cases are; volumes are cut into slices.
        slice_spacing: distance in mm that axial slices of volumes are brought to; ``None``: as in
            the files.
        slice_threshold: share of the slices to keep, in (0, 1], or the least number of labeled
            pixels; ``None`` keeps all.
        mix: how samples of several kinds are mixed; ``None`` where there is one kind.
        pseudo_labels: which pixels of them count; ``None`` where nothing pseudo is learned.
        method: how the samples are learned from; ``None``: supervised.
        strong: transforms that make a copy of a sample strong.
        average: decay of the average of the weights that becomes the model, in [0, 1); ``None``:
            the weights themselves do.
        threads: that torch computes with; sums depend on it.
        plugins: hash of each plug-in's source, by name.
        neutral: what changes no bit.
    """

    model: ConfigPart
    load_from: str | None = None
    optim_wrapper: ConfigPart
    param_scheduler: tuple[ConfigPart, ...] = ()
    max_iters: int
    batch_size: int
    hooks: ConfigPart = field(default_factory=dict)
    custom_hooks: tuple[ConfigPart, ...] = ()
    env_cfg: ConfigPart | None = None
    convergence: ConvergenceRule | None = None
    oversample: float | None = None
    medium: MediumName = "pictures"
    slice_spacing: float | None = None
    slice_threshold: float | None = None
    mix: Mix | None = None
    pseudo_labels: PseudoLabelRule | None = None
    method: ConfigPart | None = None
    strong: tuple[ConfigPart, ...] = ()
    average: float | None = None
    threads: int
    plugins: Mapping[str, str] = field(default_factory=dict)
    neutral: Neutral = field(default_factory=Neutral)


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """One network of a model that labels.

    Attributes:
        view: along which it sees volumes; ``None`` for images.
        model: an mmsegmentation segmentor, without weight files.
    """

    view: View | None
    model: ConfigPart


@dataclass(frozen=True, kw_only=True)
class LabelConfig:
    """What a label stage reads of the config.

    Attributes:
        networks: of the model, one for each view.
        inference: the predictor.
        adapters: what is put around the predictor, from the inside out.
        batch_size: cases that go through the network together.
        confidence: whether to store how sure the model is of each pixel.
        probabilities: whether to store the probability of each class.
        medium: what the cases are.
        slice_spacing: distance in mm that axial slices of volumes are brought to; ``None``: as in
            the files.
        threads: that torch computes with; sums depend on it.
        plugins: hash of each plug-in's source, by name.
        neutral: what changes no bit.
    """

    networks: tuple[NetworkConfig, ...]
    inference: ConfigPart
    adapters: tuple[ConfigPart, ...] = ()
    batch_size: int = 1
    confidence: bool = False
    probabilities: bool = False
    medium: MediumName = "pictures"
    slice_spacing: float | None = None
    threads: int
    plugins: Mapping[str, str] = field(default_factory=dict)
    neutral: Neutral = field(default_factory=Neutral)


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """What an evaluate stage reads of the config.

    Attributes:
        metrics: what to compute.
        max_side: longest side in pixels that pictures are compared at; ``None``: their own.
        plugins: hash of each plug-in's source, by name.
    """

    metrics: tuple[ConfigPart, ...]
    max_side: int | None = None
    plugins: Mapping[str, str] = field(default_factory=dict)
