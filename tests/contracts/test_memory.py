"""Law 7: the memory of labelling and scoring does not grow with the number of cases."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image
from PIL.Image import Resampling

FEW, MANY = 6, 60
SIZE = (1024, 768)
PIXELS = SIZE[0] * SIZE[1]

# A network of small input makes large masks in little time.
CHANGES = {
    "scheduler": {"type": "Supervised"},
    "split.labeled": 9,
    "train_cfg.max_iters": 1,
    "test_dataloader.dataset.pipeline": [
        {"type": "LoadImageFromFile"},
        {"type": "Resize", "scale": (32, 24)},
        {"type": "PackSegInputs"},
    ],
}


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="peak memory of a stage is Linux's to tell"
)
def test_ten_times_the_cases_take_no_more_memory(tiny, command, tmp_path):
    """Holding one byte a pixel of each case, a mask's, would already be too much."""
    data = tiny.data(tmp_path / "data", test=1)
    names = [f"frame{number}" for number in range(MANY)]
    for kind in ("images", "masks"):
        folder = data / "test" / kind
        first = folder / "frame0.png"
        Image.open(first).resize(SIZE, Resampling.NEAREST).save(first)
        for name in names[1:]:
            shutil.copy(first, folder / f"{name}.png")
    peaks = {}
    for cases in (FEW, MANY):
        (data / f"test/{cases}.txt").write_text("\n".join(names[:cases]))
        changes = {**CHANGES, "test_dataloader.dataset.list_file": f"{cases}.txt"}
        config = tiny.config(tmp_path / f"{cases}.py", data, changes)
        peaks[cases] = command.memory(config, tmp_path / f"work{cases}")
    allowed = (MANY - FEW) * PIXELS // 2
    for kind in ("label", "evaluate"):
        assert max(peaks[MANY][kind]) < max(peaks[FEW][kind]) + allowed, peaks
