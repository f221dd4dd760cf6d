"""Made-up volumes and images, and untrained models that the commands take for trained ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import torch

from ssl_seg.core.views import BODY_VIEWS

AFFINE = np.array([[0.8, 0, 0, -40], [0, 1.1, 0, 12], [0, 0, 2.5, 100], [0, 0, 0, 1]])


@dataclass(frozen=True)
class Given:
    """What a command line names.

    Attributes:
        config: path of the config file.
        checkpoint: the weights that go with it.
        settings: what the config holds.
        data: folder with ``train`` and ``test``.
        classes: names of the classes.
    """

    config: Path
    checkpoint: Path
    settings: dict[str, Any]
    data: Path
    classes: tuple[str, ...]

    def untrained(self, path: Path, seed: int = 0) -> Path:
        """Write a file of random weights, balanced so that no class wins everywhere."""
        from ssl_seg.runner import models

        torch.manual_seed(seed)
        model = models.build(self.settings["model"]).eval()
        with torch.no_grad():
            logits = model(torch.rand(8, 3, 24, 32), mode="tensor")
            model.decode_head.conv_seg.bias -= logits.mean(dim=(0, 2, 3))
        colours = [[40 * number, 90, 200 - 40 * number] for number in range(len(self.classes))]
        meta = {"dataset_meta": {"classes": list(self.classes), "palette": colours}}
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"state_dict": model.state_dict(), "meta": meta}, path)
        return path


class Scans:
    """Draws volumes of a bright ball in noise."""

    def __call__(self, seed: int, shape: tuple[int, ...] = (12, 10, 8)):
        """Return values, and where the ball is."""
        rng = np.random.default_rng(seed)
        centre = rng.integers(3, 5, 3).reshape(3, 1, 1, 1)
        ball = ((np.indices(shape) - centre) ** 2).sum(axis=0) < 9
        return (rng.normal(0, 60, shape) + 150 * ball).astype(np.int16), ball.astype(np.uint8)

    def write(self, path: Path, voxels: Any) -> nibabel.Nifti1Image:
        """Write a volume in RAS+ order; returns it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        image = nibabel.Nifti1Image(voxels, AFFINE)
        image.header.set_xyzt_units("mm")
        nibabel.save(image, path)
        return image


@pytest.fixture(scope="session")
def scans() -> Scans:
    return Scans()


@pytest.fixture(scope="session")
def volumes(tiny, scans, tmp_path_factory) -> Given:
    """A config of three views with a folder of their weights, four and two cases."""
    folder = tmp_path_factory.mktemp("volumes")
    for part, seeds in (("train", range(4)), ("test", range(4, 6))):
        for seed in seeds:
            for kind, voxels in zip(("images", "labels"), scans(seed), strict=True):
                scans.write(folder / part / kind / f"case{seed}.nii.gz", voxels)
    classes = ("background", "organ")
    changes: dict[str, Any] = {
        "views": list(BODY_VIEWS),
        "inference": {"type": "Views"},
        "test_dataloader.batch_size": 1,
        "adapters": [],
        "split": {"labeled": 2},
        "scheduler": {"type": "Supervised"},
        "test_evaluator": [{"type": "DiceMetric"}],
        "model.data_preprocessor": {"type": "SegDataPreProcessor", "size_divisor": 2},
        "model.decode_head.num_classes": len(classes),
    }
    for part in ("train", "test"):
        changes[f"{part}_dataloader.dataset"] = {
            "type": "VolumeFolder",
            "data_root": str(folder / part),
            "classes": classes,
            "pipeline": [
                {"type": "LoadSlices", "window": (-200, 300)},
                {"type": "LoadSliceLabels"},
                {"type": "PackSegInputs"},
            ],
        }
    config = tiny.config(folder / "volumes.py", folder, changes)
    settings = tiny.settings(folder, changes)
    given = Given(config, folder / "model", settings, folder, classes)
    for seed, view in enumerate(BODY_VIEWS):
        given.untrained(given.checkpoint / f"{view}.pth", seed)
    return given


@pytest.fixture(scope="session")
def images(tiny, data, tmp_path_factory) -> Given:
    """A config of images and its weights."""
    folder = tmp_path_factory.mktemp("images")
    changes: dict[str, Any] = {"scheduler": {"type": "Supervised"}, "adapters": []}
    config = tiny.config(folder / "images.py", data, changes)
    settings = tiny.settings(data, changes)
    given = Given(config, folder / "model.pth", settings, data, tiny.classes)
    given.untrained(given.checkpoint)
    return given
