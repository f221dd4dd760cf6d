"""Checks of views and sections: the networks of a model and the parts of a training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssl_seg.core.errors import UserError
from ssl_seg.core.views import VIEWS
from ssl_seg.registry import suggestion


def check_views(views: Any, where: str) -> None:
    """Check for a list of views, or a dict of overlays by view."""
    if not isinstance(views, (list, tuple, Mapping)):
        raise UserError(
            f"{where}: expected a list of {', '.join(VIEWS)}, or a dict of overlays, got {views!r}"
        )
    for view in views:
        if view not in VIEWS:
            raise UserError(f"{where}: there is no view {view!r}{suggestion(str(view), VIEWS)}")
    if len(set(views)) < len(views):
        raise UserError(f"{where}: a view is listed twice in {views!r}")


def check_sections(sections: Any, where: str) -> None:
    """Check for a dict of overlays by name."""
    if not isinstance(sections, Mapping):
        raise UserError(f"{where}: expected a dict of overlays by name, got {sections!r}")
    for name in sections:
        # They name folders of logs.
        if not isinstance(name, str) or not name.isidentifier():
            raise UserError(f"{where}: expected names of letters, digits and _, got {name!r}")


def check_start_point(config: Mapping[str, Any]) -> None:
    """Check that the start point is the first of the sections, but not all of them."""
    first, sections = config["start_point"], tuple(config["sections"])
    listed = isinstance(first, (list, tuple))
    if not listed or tuple(first) != sections[: len(first)] or (first and tuple(first) == sections):
        raise UserError(
            f"start_point: expected the first of the sections {sections}, but not all of them, as "
            f"students learn in the others; got {first!r}"
        )


def check_slice_threshold(threshold: Any, where: str) -> None:
    """Check for a share of slices or a number of pixels."""
    if isinstance(threshold, bool) or not isinstance(threshold, (int, float)) or threshold <= 0:
        raise UserError(
            f"{where}: expected the share of the slices to keep, in (0, 1], or the least number of "
            f"labeled pixels, got {threshold!r}"
        )


def check_medium(config: Mapping[str, Any], where: str) -> None:
    """Check that what chooses slices stands where there are slices, and nowhere else."""
    if config["slice_threshold"] is not None and not config["views"]:
        raise UserError(
            f"{where}slice_threshold: chooses slices of volumes, but there are no views; leave it "
            "out, or set views"
        )
    if config["oversample"] is not None and config["views"]:
        raise UserError(
            f"{where}oversample: is for pictures; which slices of volumes are used is set by "
            "slice_threshold"
        )
