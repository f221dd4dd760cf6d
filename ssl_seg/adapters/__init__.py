"""Between data and models: class reduction, slice spacing, and what plug-ins put around models."""

from ssl_seg.adapters.class_reduction import ClassReduction
from ssl_seg.adapters.slice_spacing import SliceSpacing

__all__ = ["ClassReduction", "SliceSpacing"]
