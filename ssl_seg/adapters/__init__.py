"""Between data and models: class reduction, and whatever a plug-in puts around a predictor."""

from ssl_seg.adapters.class_reduction import ClassReduction

__all__ = ["ClassReduction"]
