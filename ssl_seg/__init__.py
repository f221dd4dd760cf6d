"""Semi-supervised segmentation by teacher-student generations, on mmsegmentation's models."""

__version__ = "0.1.0"
