"""A tiny RSTN learns a slice triple by heart, section by section."""

from __future__ import annotations

import torch
from mmengine.optim import build_optim_wrapper

from ssl_seg.runner.models import enter_scope


def test_it_learns_in_each_section(rstn):
    enter_scope()
    model, (images, labels) = rstn.made(), rstn.triple(32, 32)
    samples = rstn.samples(labels)
    totals = []
    for model.section in ("S", "J"):
        wrapper = build_optim_wrapper(
            model,
            {
                "type": "OptimWrapper",
                "optimizer": {"type": "Adam", "lr": 1e-3},
                "constructor": "RSTNOptimWrapperConstructor",
                "paramwise_cfg": {"fine_lr_mult": 1.0},
            },
        )
        for _ in range(65):
            total = sum(model.loss(images, samples).values())
            wrapper.update_params(total)
            totals.append(total.item())
    start, separate, joint = (sum(totals[at : at + 5]) / 5 for at in (0, 60, 125))
    assert start > 0.75
    assert separate < 0.55
    assert joint < 0.3

    model.eval()
    with torch.no_grad():
        coarse = model.network.coarse_map(images)
        fine = model.network.fine_map(images, coarse, coarse >= 0.5) >= 0.5
    truth = labels == 1
    assert 2 * (fine & truth).sum() / (fine.sum() + truth.sum()) > 0.8
