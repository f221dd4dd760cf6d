"""What planning asks the config for: the part of it that each stage reads."""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple, Protocol

from ssl_seg.core.class_mappings import ClassMappings
from ssl_seg.core.model_id import Role
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.split import CaseList
from ssl_seg.core.stage import SourceKind
from ssl_seg.core.stage_config import ConfigPart, EvaluateConfig, LabelConfig, TrainConfig
from ssl_seg.core.views import View


class TrainingPart(NamedTuple):
    """Which part of which training a stage is: overlays of the config are chosen by it.

    Attributes:
        role: of the model.
        view: of the network; ``None`` for images.
        section: of the training; ``None`` where it has none.
    """

    role: Role
    view: View | None
    section: str | None


class ConfigSource(Protocol):
    """Where planning finds each stage's part of the config, for models of one label space."""

    @property
    def space(self) -> LabelSpace:
        """What models predict."""
        ...

    @property
    def mappings(self) -> ClassMappings:
        """Which label spaces lead to which."""
        ...

    def in_space(self, name: str) -> ConfigSource:
        """Return the same for models that predict another label space."""
        ...

    @property
    def views(self) -> tuple[View | None, ...]:
        """The views of volumes that a model has a network for; ``(None,)`` for images."""
        ...

    @property
    def sections(self) -> tuple[str | None, ...]:
        """The parts that a training consists of, in order; ``(None,)`` where it has none."""
        ...

    @property
    def start_point(self) -> tuple[str | None, ...]:
        """The first of these sections, which are trained on S alone and hand on to students."""
        ...

    def train(self, part: TrainingPart, *, kinds: Set[SourceKind]) -> TrainConfig:
        """Return the config of a train stage that learns from sources of some kinds."""
        ...

    def learns_unlabeled(self, role: Role) -> bool:
        """Tell whether models of a role also learn from unlabeled cases."""
        ...

    @property
    def calibration_parts(self) -> int | None:
        """How many parts of S are labeled to tell how far pseudo labels are to be trusted.

        ``None``: no training of the plan asks.
        """
        ...

    def label(self, cases: CaseList, role: Role) -> LabelConfig:
        """Return the config of a label stage whose model has a role."""
        ...

    def evaluate(self) -> EvaluateConfig:
        """Return the config of an evaluate stage."""
        ...

    def train_pipeline(self, cases: CaseList, part: TrainingPart) -> tuple[ConfigPart, ...]:
        """Return the transforms of training samples."""
        ...

    def unlabeled_pipeline(self, part: TrainingPart) -> tuple[ConfigPart, ...]:
        """Return the transforms of training samples that have no mask."""
        ...

    def label_pipeline(self, cases: CaseList) -> tuple[ConfigPart, ...]:
        """Return the transforms of images to be labeled."""
        ...

    def values(self, cases: CaseList) -> LabelValues:
        """Return how true labels are read, in the space that their data set has."""
        ...
