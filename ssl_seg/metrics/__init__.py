"""How good a label map is: pure functions on arrays, and the metrics that configs name.

numpy and OpenCV only, so that scores need no torch.
"""

from ssl_seg.metrics.iou_metric import IoUMetric
from ssl_seg.metrics.metric import Metric, Sample

__all__ = ["IoUMetric", "Metric", "Sample"]
