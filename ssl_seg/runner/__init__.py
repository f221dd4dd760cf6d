"""How one stage runs: train, label or evaluate; the only user of mmengine's Runner."""

from ssl_seg.runner.stage import run_stage

__all__ = ["run_stage"]
