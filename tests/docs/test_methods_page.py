"""The page on methods names all of them as they are, and its example works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from ssl_seg.methods.step import STUDENT
from ssl_seg.registry import METHODS
from ssl_seg.runner import models
from ssl_seg.runner.loop import step_of

TEXT = (Path(__file__).parents[2] / "docs/methods.md").read_text()


def test_the_table_lists_every_method_with_its_passes():
    table = TEXT.partition("<!-- methods -->")[2].partition("<!-- end")[0]
    found = dict(re.findall(r"^\| `(\w+)` \|.*\| (\d+) \| \d", table, re.MULTILINE))
    made = {name: METHODS.build({"type": name}) for name in METHODS.names()}
    assert found == {name: str(method.passes) for name, method in made.items()}


@pytest.fixture
def entropy():
    """The example's method, registered as long as the test runs."""
    (code,) = re.findall(r"<!-- plug-in: entropy.py -->\n```python\n(.*?)```", TEXT, re.S)
    assert len(code.splitlines()) <= 40
    exec(compile(code, "entropy.py", "exec"), {"__name__": "entropy"})  # noqa: S102 - our own page
    yield METHODS.build({"type": "Entropy", "weight": 0.5})
    METHODS._module_dict.pop("Entropy")


def test_the_example_loses_the_mean_entropy_of_unlabeled_pixels(entropy, tiny, tmp_path):
    torch.manual_seed(0)
    model = models.build(tiny.settings(tmp_path, {"model.decode_head.dropout_ratio": 0})["model"])
    entropy.check(model)
    samples = []
    for source in ("labeled", "unlabeled"):
        samples.append(SegDataSample(gt_sem_seg=PixelData(data=torch.zeros(1, 24, 32).long())))
        samples[-1].set_metainfo({"source": source, "copy": 0, "img_shape": (24, 32)})
    pictures = list(torch.randint(0, 256, (2, 3, 24, 32), dtype=torch.uint8))
    step = step_of({"inputs": pictures, "data_samples": samples}, 0, 1, {STUDENT: model.train()})
    losses = entropy.losses(step)
    said = model(step.pictures, mode="tensor")[1].softmax(dim=0)
    expected = -(said * said.log()).sum(dim=0).mean()
    assert torch.allclose(losses["loss_entropy"], 0.5 * expected)
    assert "decode.loss_ce" in losses
