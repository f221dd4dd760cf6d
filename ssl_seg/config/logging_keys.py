"""The keys of what a training writes down of itself."""

from __future__ import annotations

from ssl_seg.config.check_training import check_log_level
from ssl_seg.config.check_values import a_dict, one_or_several_typed
from ssl_seg.config.key import Key

LOGGING_KEYS = (
    Key(
        "log_level",
        "of a training's log",
        default="INFO",
        check=check_log_level,
        stages=("train",),
        neutral=True,
    ),
    Key(
        "log_processor",
        "mmengine's",
        shown="by iteration",
        check=a_dict,
        stages=("train",),
        neutral=True,
    ),
    Key(
        "vis_backends",
        "where losses are written",
        shown="local files",
        check=one_or_several_typed,
        stages=("train",),
        neutral=True,
    ),
    Key(
        "visualizer",
        "what writes them",
        shown="mmengine's",
        check=a_dict,
        stages=("train",),
        neutral=True,
    ),
)
"""None of them changes a result."""
