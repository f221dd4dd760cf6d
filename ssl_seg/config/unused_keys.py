"""Keys of mmsegmentation's base configs that have no effect here."""

from __future__ import annotations

UNUSED = {
    "val_cfg": "there is no validation loop: nothing is chosen while training",
    "val_evaluator": "there is no validation loop: nothing is chosen while training",
    "test_cfg": "E is labeled and scored by stages, not by mmengine's test loop (`model.test_cfg` "
    "is used)",
    "tta_model": "flips and scales are arguments of `inference`",
    "tta_pipeline": "flips and scales are arguments of `inference`",
    "resume": "a second call always goes on",
    "launcher": "a stage trains in one process",
    "auto_scale_lr": "the learning rate is the one that is written down",
    "default_scope": "types are looked up in this project first, then in mmsegmentation and "
    "mmengine",
}
"""Names in mmsegmentation's base configs that have no effect here, and why."""
