"""RSTN: coarse-to-fine segmentation of slices with a saliency transformation in between.

Importing this registers the model ``RSTN`` and its optimiser constructor.
"""

from ssl_seg.models.rstn.learning_rates import RSTNOptimWrapperConstructor
from ssl_seg.models.rstn.segmentor import RSTN

__all__ = ["RSTN", "RSTNOptimWrapperConstructor"]
