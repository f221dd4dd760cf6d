"""Every config of the project can be planned, names known types only, and its model learns."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.config import load_config, open_experiment
from ssl_seg.config.check import checked

ROOT = Path(__file__).parents[1] / "configs"
CONFIGS = sorted(path for path in ROOT.rglob("*.py") if path.parent.name != "_base_")


@pytest.fixture(params=CONFIGS, ids=lambda path: path.relative_to(ROOT).as_posix())
def config(request):
    return request.param


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return DigestIndex(tmp_path_factory.mktemp("index") / "index.json")


def data_root(config: Path, folder: Path) -> str:
    """Return where the data of a config lie: made-up ones are drawn, real ones must be there."""
    if config.parent.name == "demo":
        return str(folder / "street")
    if not os.environ.get("SSL_SEG_DATA"):
        pytest.skip("SSL_SEG_DATA is not set, so the real data sets are not at hand")
    return str(Path(os.environ["SSL_SEG_DATA"], config.parent.name))


def test_every_config_is_planned(config, index, tmp_path_factory):
    root = data_root(config, tmp_path_factory.getbasetemp())
    places = ("train_dataloader.dataset.data_root", "test_dataloader.dataset.data_root")
    loaded = load_config(config, dict.fromkeys(places, root))

    plan = open_experiment(loaded, folder=config.parent, index=index).plan(config.stem)

    assert plan.model in plan.stages
    assert {row.model for row in plan.rows} >= {"final"}


def test_every_config_names_known_types_and_its_model_learns(config):
    from mmengine.structures import PixelData
    from mmseg.structures import SegDataSample

    from ssl_seg.runner import models
    from ssl_seg.runner.check_types import check_types

    settings = checked(load_config(config))
    check_types(settings)
    model = models.build(settings["model"]).train()
    classes = settings["model"]["decode_head"]["num_classes"]
    samples = []
    for truth in torch.randint(classes, (2, 1, 64, 96)):
        samples.append(SegDataSample(gt_sem_seg=PixelData(data=truth)))
        samples[-1].set_metainfo({"img_shape": (64, 96)})

    losses = model.loss(torch.randn(2, 3, 64, 96), samples)

    sum(value for name, value in losses.items() if "loss" in name).backward()
    head = next(model.decode_head.parameters())
    assert head.grad is not None
    assert torch.isfinite(head.grad).all()
