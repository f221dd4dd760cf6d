"""Made-up scans on disk: a cohort in a layout, beside `phantom.json`, which tells its settings."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

from ssl_seg.phantoms.organ.cohort import Cohort
from ssl_seg.phantoms.organ.layout import Layout
from ssl_seg.phantoms.published import publish_phantom

_FORMAT: Final = 1
"""Raised whenever equal settings draw other scans: old folders are then drawn anew."""


def write_organ(root: Path, cohort: Cohort, layout: Layout) -> None:
    """Write a made-up data set, whole or not at all.

    A folder that holds it already is left as it is; a phantom of other settings is replaced.

    Args:
        root: The folder to make.
        cohort: What is drawn.
        layout: How it is written.

    Raises:
        UserError: `root` exists and holds something else, which is never deleted.
        UserError: If the layout needs a package that is missing.
        UserError: If the layout has no place for some of the cases.
    """
    settings = {**asdict(cohort), "size": cohort.shape}
    marker = {"format": _FORMAT, "layout": layout.name, **settings}
    publish_phantom(root, marker, lambda staging: layout.write(staging, cohort))
