"""The media by their names: the one place that tells which is which."""

from __future__ import annotations

from collections.abc import Mapping

from ssl_seg.core.case import Case, MediumName
from ssl_seg.media.medium import Medium
from ssl_seg.media.pictures.pictures import Pictures
from ssl_seg.media.volumes.volumes import Volumes

PICTURES: Medium = Pictures()
VOLUMES: Medium = Volumes()

MEDIA: Mapping[MediumName, Medium] = {medium.name: medium for medium in (PICTURES, VOLUMES)}


def medium_of(case: Case) -> Medium:
    """Return the medium that a case is of, as its catalog says."""
    return MEDIA[case.medium]
