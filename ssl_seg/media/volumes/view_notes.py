"""What a reader of a plan should know of how views cut the volumes of an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from ssl_seg.core.views import BodyView, View
from ssl_seg.media.volumes.affine import acquired_axis, spacing
from ssl_seg.media.volumes.facts import VolumeFacts

THIN = 16
"""Rows or columns below which a network has too little of a slice to look at."""

_THICK = 1.5
"""Ratio of the two largest spacings from which on a volume is a stack of slices."""

_ENDS: Mapping[BodyView, str] = {"sagittal": "LR", "coronal": "PA", "axial": "IS"}
"""Where the axes of the body that views cut along lead to."""

Named: TypeAlias = Sequence[tuple[str, VolumeFacts]]


def view_notes(volumes: Named, views: Sequence[View]) -> Iterator[str]:
    """Say where slices are thin strips, and where the files of a data set differ in directions.

    Args:
        volumes: each case's id with what is known of its image.
        views: that the volumes are cut along.
    """
    for view in views:
        yield from _thin_strips(volumes, view)
    if "acquired" not in views:
        yield from _unlike_stacks(volumes)
    else:
        yield from _unlike_directions(volumes)


def _across(view: View, facts: VolumeFacts) -> int:
    """Return the axis of the file that the slices of a view count along."""
    if view == "acquired":
        return acquired_axis(facts.affine)
    return next(at for at, end in enumerate(facts.directions) if end in _ENDS[view])


def _slice_size(view: View, facts: VolumeFacts) -> tuple[int, int]:
    """Return the two sides of a slice, the longer one first."""
    across = _across(view, facts)
    short, long = sorted(size for axis, size in enumerate(facts.shape) if axis != across)
    return long, short


def _thin_strips(volumes: Named, view: View) -> Iterator[str]:
    thin = [(name, facts) for name, facts in volumes if _slice_size(view, facts)[1] < THIN]
    if not thin:
        return
    name, facts = thin[0]
    long, short = _slice_size(view, facts)
    better = any(_slice_size("acquired", facts)[1] >= THIN for _, facts in thin)
    yield (
        f"view {view!r}: the slices of {len(thin)} of {len(volumes)} volumes are thin strips, such "
        f"as {long}×{short} voxels in {name}"
        + ("; the view 'acquired' takes each file's own slices" if better else "")
    )


def _unlike_stacks(volumes: Named) -> Iterator[str]:
    """Compare the axes of the body that thick slices were stacked along."""
    stacks: dict[str, list[str]] = {}
    for name, facts in volumes:
        *_, second, largest = sorted(spacing(facts.affine))
        if largest >= _THICK * second:
            across = acquired_axis(facts.affine)
            nearest = next(view for view in _ENDS if facts.directions[across] in _ENDS[view])
            stacks.setdefault(nearest, []).append(name)
    if len(stacks) > 1:
        yield (
            "volumes were acquired along different axes of the body: "
            f"{_counted(stacks)}; views cut some of them along their slices and others across, "
            "but 'acquired' takes each file's own slices"
        )


def _unlike_directions(volumes: Named) -> Iterator[str]:
    stored: dict[str, list[str]] = {}
    for name, facts in volumes:
        stored.setdefault(facts.directions, []).append(name)
    if len(stored) > 1:
        yield (
            "view 'acquired' takes slices as files store them, and axes of the files lead to "
            f"different directions of the body: {_counted(stored)}; slices may be mirrored or "
            "turned from volume to volume"
        )


def _counted(groups: Mapping[str, Sequence[str]]) -> str:
    by_size = sorted(groups.items(), key=lambda group: -len(group[1]))
    return ", ".join(f"{len(names)} {of} (such as {names[0]})" for of, names in by_size)
