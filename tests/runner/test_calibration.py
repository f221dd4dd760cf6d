"""Labels of S are compared with its true masks, pixel by pixel."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from ssl_seg.core.case import Case, DataFile, LabelFile
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.stage import Calibration
from ssl_seg.media.pictures.masks import write_confidence, write_mask
from ssl_seg.runner.calibration import measured

SPACE = LabelSpace("three", ("back", "car", "bus"), ((0, 0, 0), (90, 0, 0), (0, 90, 0)))
VALUES = LabelValues(SPACE, ((3, 0), (5, 1), (7, 2), (255, 255)))
SIZE = (6, 8)


class Artifacts:
    """A store of label stages' artifacts."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return self.folder / name


@pytest.fixture
def made(tmp_path):
    """Two cases of S, each labeled by a stage of its own, and all that is known of their pixels."""
    cases, known = [], []
    for at, name in enumerate("ab"):
        rng = np.random.default_rng(at)
        labels, truth = (rng.integers(0, 3, SIZE).astype(np.uint8) for _ in range(2))
        levels = rng.integers(0, 256, SIZE).astype(np.uint8)
        truth[0] = 255
        stored = np.array([3, 5, 7], np.uint8)[truth % 255 % 3]
        stored[0] = 255
        Image.fromarray(stored).save(tmp_path / f"{name}.png")
        case = Case(name, DataFile("", name), LabelFile(str(tmp_path / f"{name}.png"), name), "g")
        write_mask(tmp_path / f"stage {name}" / "maps" / f"{name}.png", labels, SPACE)
        write_confidence(tmp_path / f"stage {name}" / "confidence" / f"{name}.png", levels / 255)
        (tmp_path / f"stage {name}" / "manifest.json").write_text(
            json.dumps({"cases": [{"case": name}]})
        )
        cases.append(case)
        known += zip(labels[1:].flat, levels[1:].flat, truth[1:].flat, strict=True)
    stages = tuple(f"stage {case.id}" for case in cases)
    return Calibration(written_by=stages, cases=tuple(cases), values=VALUES, max_side=None), known


def test_right_pixels_are_counted_by_predicted_class_and_confidence(made, tmp_path):
    calibration, known = made
    right, pixels = measured(calibration, Artifacts(tmp_path))
    expected = np.zeros((2, 3, 256), np.int64)
    for label, level, truth in known:
        expected[0, label, level] += label == truth
        expected[1, label, level] += 1
    np.testing.assert_array_equal(right, expected[0])
    np.testing.assert_array_equal(pixels, expected[1])
    assert 0 < right.sum() < pixels.sum() == 2 * 5 * 8
