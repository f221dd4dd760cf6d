"""What is known of NIH Pancreas-CT as it is published.

Source: The Cancer Imaging Archive, DOI 10.7937/K9/TCIA.2016.tNB1kqBU; the voxel counts stand in
public logs of programs that read it (OrganSegRSTN_PyTorch).
"""

from __future__ import annotations

from types import MappingProxyType

WITHDRAWN = (25, 70)
"""Numbers of scans taken back in 2020, as they come from the same one as 2; labels stayed."""

PLANE = (512, 512)
"""Columns and rows of every published scan."""

_FIRST_COUNTS = (
    *(78329, 110797, 125067, 63116, 79155, 69120, 90326, 156716, 81152, 100044),
    *(85700, 50402, 101061, 68026, 125060, 147099, 108464, 87441, 94641, 103581),
)

ORGAN_VOXELS = MappingProxyType(dict(enumerate(_FIRST_COUNTS, start=1)))
"""Labelled voxels of the cases whose count is known."""
