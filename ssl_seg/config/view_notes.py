"""What a reader of a plan should know of how its images are cut."""

from __future__ import annotations

from collections.abc import Sequence

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.core.case import MediumName
from ssl_seg.core.split import Split
from ssl_seg.core.views import View
from ssl_seg.media.by_name import MEDIA


def view_notes(
    split: Split, medium: MediumName, views: Sequence[View], index: DigestIndex
) -> list[str]:
    """Return notes on the views of a config, by what the catalog knows of all images.

    Args:
        split: with all cases.
        medium: that they are of.
        views: of the config.
        index: that knows their files.
    """
    if not views:
        return []
    cases = list(dict.fromkeys(case for cases in split.lists().values() for case in cases))
    known = index.read([case.image.path for case in cases], MEDIA[medium].image_facts)
    named = [(case.id, one.facts) for case, one in zip(cases, known, strict=True)]
    return list(MEDIA[medium].view_notes(named, views))
