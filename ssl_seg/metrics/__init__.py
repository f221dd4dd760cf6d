"""How good a mask is: pure functions on arrays, and the metrics that configs name.

numpy, OpenCV and SciPy only, so that scores need no torch.
"""

from ssl_seg.metrics.dice_metric import DiceMetric
from ssl_seg.metrics.iou_metric import IoUMetric
from ssl_seg.metrics.metric import Metric, Sample
from ssl_seg.metrics.surface_metric import SurfaceMetric

__all__ = ["DiceMetric", "IoUMetric", "Metric", "Sample", "SurfaceMetric"]
