"""Predictors of volumes: the networks of several views, and what they find together."""

from ssl_seg.runner.volume_predictors.coarse_to_fine import CoarseToFine
from ssl_seg.runner.volume_predictors.views import Views

__all__ = ["CoarseToFine", "Views"]
