"""A tiny experiment on made-up volumes: no two of their files have the same grid."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import torch

from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.store.store import Store

CLASSES = ("background", "organ", "mass")
CASES = {"train": 6, "test": 2}
SHAPES = ((12, 10, 8), (10, 12, 9), (11, 11, 7))  # x, y, z
SPACING = (0.8, 1.1, 2.5)
GRIDS = (
    ((0, 1, 2), (1, 1, 1)),
    ((1, 0, 2), (-1, -1, 1)),
    ((2, 0, 1), (-1, 1, -1)),
    ((0, 2, 1), (1, -1, 1)),
    ((1, 2, 0), (-1, 1, 1)),
)
"""Body axis and direction of each axis of a file."""

LOAD = {"type": "LoadSlices", "slices": 3, "window": (-100, 240)}
PACK = {"type": "PackSegInputs"}
FLIP = {"type": "RandomFlip", "prob": 0.5}

REDUCTION = {
    "from": {"name": "volume_folder", "classes": list(CLASSES)},
    "to": {"name": "two", "classes": ["back", "car"]},
    "total": True,
    "classes": {"background": "back", "organ": "back", "mass": "car"},
}
"""A mask that the tiny experiments' curriculum needs."""


def train_pipeline(labels: int) -> list[dict[str, Any]]:
    """Return the steps to samples with the labels of as many slices."""
    return [LOAD, {"type": "LoadSliceLabels", "slices": labels}, FLIP, PACK]


UNET: dict[str, Any] = {
    "views": BODY_VIEWS,
    "inference": {"type": "Views", "batch_size": 4},
    "train_dataloader.dataset.pipeline": train_pipeline(1),
    "test_dataloader.dataset.pipeline": [LOAD, PACK],
    "test_dataloader.batch_size": 1,
    "model.data_preprocessor": {
        "type": "SegDataPreProcessor",
        "pad_val": 0,
        "seg_pad_val": 255,
        "size": (12, 12),
        "test_cfg": {"size_divisor": 2},
    },
    "model.decode_head.init_cfg": {
        "type": "Normal",
        "std": 1.0,
        "override": {"name": "conv_seg"},
    },
    "test_evaluator": [{"type": "DiceMetric"}, {"type": "SurfaceMetric", "tolerance": 1.0}],
    "split": {"labeled": 2, "seed": 0},
    "train_cfg.max_iters": 2,
    "optim_wrapper.optimizer.lr": 0.01,
    "param_scheduler": None,
}
"""What makes the tiny experiment on images one on volumes."""

RSTN: dict[str, Any] = {
    **UNET,
    "inference": {"type": "CoarseToFine", "max_rounds": 2},
    "train_dataloader.dataset.pipeline": train_pipeline(3),
    "train_dataloader.batch_size": 1,
    "model": {
        "type": "RSTN",
        "network": {
            "stages": ((4, 1), (8, 1)),
            "fc_width": 16,
            "fc_kernel": 3,
            "padding": 5,
            "skips": 1,
        },
        "num_classes": len(CLASSES),
        "margin": 2,
        "data_preprocessor": {
            "type": "SegDataPreProcessor",
            "size_divisor": 1,
            "pad_val": 0,
            "seg_pad_val": 255,
        },
    },
    "sections": {name: {"model": {"section": name}} for name in "SIJ"},
    "optim_wrapper.optimizer.lr": 1e-4,
    "slice_threshold": 0.9,
}
"""Changes by which the networks are RSTNs, trained in sections."""

STSO = {"type": "STSO", "generations": 1}
ATSO = {"type": "ATSO", "folds": 2, "generations": 1}
PHASES = [
    {"scheduler": STSO, "space": "two"},
    {"scheduler": STSO, "pseudo_labels": "previous", "role": "guided"},
]

RUNS: dict[str, dict[str, Any]] = {
    "ATSO": {"scheduler": ATSO},
    "Curriculum": {"scheduler": {"type": "Curriculum", "phases": PHASES}, "views": ("axial",)},
    "STSO": {"scheduler": STSO, "views": ("axial",)},
    "SelfLearning": {"scheduler": {**STSO, "type": "SelfLearning"}, "views": ("axial",)},
    "Supervised": {"scheduler": {"type": "Supervised"}, "views": ("axial",)},
    "RSTN": {
        **RSTN,
        "scheduler": ATSO,
        "views": ("coronal",),
        # No step changes a student, so that what it starts from can be seen.
        "roles": {"student": {"optim_wrapper": {"optimizer": {"lr": 0.0, "weight_decay": 0.0}}}},
        "pseudo_labels": {"threshold": 0.6},
    },
}
"""Changes to the config of the U-Net: for each scheduler, and with RSTNs."""


@dataclass(frozen=True)
class Scan:
    """A made-up scan as its file has it.

    Attributes:
        voxels: int16.
        labels: uint8 class numbers.
        affine: 4 x 4.
    """

    voxels: np.ndarray
    labels: np.ndarray
    affine: np.ndarray


def draw(number: int, spacing: tuple[float, float, float] = SPACING) -> Scan:
    """Draw a bright organ with a brighter mass in it; each number has a grid of its own."""
    rng = np.random.default_rng(number)
    shape = SHAPES[number % len(SHAPES)]
    labels = np.zeros(shape, np.uint8)
    x, y, z = (int(rng.integers(1, size // 2 - 1)) for size in shape)
    labels[x : x + 6, y : y + 5, z : z + 4] = 1
    labels[x + 1 : x + 4, y + 1 : y + 4, z + 1 : z + 3] = 2
    voxels = np.array([-80, 60, 180])[labels] + rng.integers(-40, 40, shape)
    order, signs = GRIDS[number % len(GRIDS)]
    turned = [
        values.transpose(order)[tuple(slice(None, None, sign) for sign in signs)]
        for values in (voxels.astype(np.int16), labels)
    ]
    affine = np.zeros((4, 4))
    for axis, (body, sign) in enumerate(zip(order, signs, strict=True)):
        affine[body, axis] = sign * spacing[body]
    angle = 0.1 * number  # the higher ones are oblique
    turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    affine[:2, :3] = turn @ affine[:2, :3]
    affine[:, 3] = (-30, 12.5, 4 * number, 1)
    return Scan(*turned, affine)


def save(path: Path, voxels: Any, affine: Any) -> None:
    """Write a NIfTI file by nibabel alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(np.ascontiguousarray(voxels), affine)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)


def write_lively(path: Path) -> None:
    """Write RSTN weights that find all classes; what is drawn at random finds one of them."""
    from ssl_seg.runner import models

    torch.manual_seed(0)
    model = models.build(deepcopy(RSTN["model"]))
    model.init_weights()
    model.eval()
    for network in (model.network.coarse, model.network.fine):
        scores = [layer for name, layer in network.layers().items() if name.startswith("score")]
        with torch.no_grad():
            for layer in scores:
                torch.nn.init.normal_(layer.weight)
            logits = network(torch.rand(16, 3, 12, 12)).transpose(0, 1).flatten(1)
            for layer in scores:
                layer.weight /= logits.std(dim=1)[:, None, None, None]
            network.score_fr.bias -= logits.median(dim=1).values / logits.std(dim=1)
    torch.save(model.state_dict(), path)


@dataclass(frozen=True)
class Volumes:
    """Writes the tiny experiment on volumes."""

    tiny: Any
    runs = RUNS
    test_pipeline = (LOAD, PACK)

    def write(self, folder: Path, split: str, spacing: Any = SPACING) -> None:
        """Write the cases of one list, with their labels."""
        for number in range(CASES[split]):
            scan = draw(number + 10 * (split == "test"), spacing)
            name = f"case{number}.nii.gz"
            save(folder / split / "images" / name, scan.voxels, scan.affine)
            save(folder / split / "labels" / name, scan.labels, scan.affine)

    def data(self, folder: Path) -> Path:
        """Write six training and two test cases."""
        for split in CASES:
            self.write(folder, split)
        (folder / "three_to_two.json").write_text(json.dumps(REDUCTION))
        write_lively(folder / "lively.pth")
        return folder

    def data_set(self, folder: Path) -> dict[str, Any]:
        """Return the config of a data set without its pipeline."""
        return {"type": "VolumeFolder", "data_root": str(folder), "classes": CLASSES}

    def config(self, path: Path, data: Path, changes: dict[str, Any] | None = None) -> Path:
        """Write a config; ``changes``, by dotted key, are made to that of the U-Net."""
        home = {f"{split}_dataloader.dataset": self.data_set(data / split) for split in CASES}
        given = {**home, **UNET, **(changes or {})}
        if "sections" in given:
            given["load_from"] = str(data / "lively.pth")
        return self.tiny.config(path, data, deepcopy(given))


@dataclass(frozen=True)
class Run:
    """A finished run on volumes; to be read only.

    Attributes:
        config: its file.
        data: folder of its data.
        work_dir: what it left.
        plan: what was planned.
        events: what was noted of it.
    """

    config: Path
    data: Path
    work_dir: Path
    plan: Any
    events: list[dict[str, Any]]

    def artifact(self, stage: Any) -> Path:
        """Return the folder of a stage's artifact."""
        return Store(self.work_dir).path(getattr(stage, "fingerprint", stage))

    def manifest(self, stage: Any) -> Any:
        """Return what a label stage says of its maps."""
        return json.loads((self.artifact(stage) / "manifest.json").read_text())


@pytest.fixture(scope="session")
def volumes(tiny):
    """Writes the tiny experiment on volumes."""
    return Volumes(tiny)


@pytest.fixture(scope="session")
def volume_data(volumes, tmp_path_factory):
    """The tiny volumes; to be read only."""
    return volumes.data(tmp_path_factory.mktemp("volumes"))


@pytest.fixture(scope="session")
def run_volumes(volumes, tiny, command):
    """Return a function that runs a config on volumes in a folder."""

    def run(folder: Path, data: Path, changes: dict[str, Any]) -> Run:
        config = volumes.config(folder / "tiny.py", data, changes)
        done = command.train(config, folder / "work")
        assert done.status == 0, done.output
        return Run(config, data, folder / "work", tiny.plan(config), done.events)

    return run


@pytest.fixture(scope="session")
def finished_volumes(run_volumes, volume_data, tmp_path_factory):
    """Return the uninterrupted run of a scheduler with U-Nets or RSTNs, which is run once."""

    @cache
    def run(name: str) -> Run:
        return run_volumes(tmp_path_factory.mktemp("run"), volume_data, RUNS[name])

    return run
