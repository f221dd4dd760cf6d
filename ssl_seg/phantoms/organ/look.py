"""How a body is scanned: density of tissues, field of view, slices, noise."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, final

GRAIN_HU: Final[Mapping[str, float]] = MappingProxyType(
    {
        "air": 0.0,
        "fat": 12.0,
        "skin": 10.0,
        "muscle": 14.0,
        "disc": 10.0,
        "cortical bone": 120.0,
        "spongy bone": 70.0,
        "nerve": 8.0,
        "water": 8.0,
        "stool": 120.0,
        "bowel": 30.0,
        "liver": 14.0,
        "spleen": 12.0,
        "kidney": 35.0,
        "artery": 10.0,
        "vein": 12.0,
        "pancreas": 34.0,
        "lesion": 25.0,
    }
)
"""How far each tissue is from even: its texture lies within plus and minus this, in HU."""

Range = tuple[float, float]
"""Lower and upper bound of what is drawn for each case."""


@final
@dataclass(frozen=True, kw_only=True)
class Look:
    """What all scans of one data set have in common.

    Attributes:
        size: Number of columns, rows and slices unless others are asked for.
        field_mm: Width and height of the square field of view.
        length_mm: From the lower end of the lowest slice to the upper end of the highest.
        off_mm: How far the body lies off the field's middle, at most, along any axis.
        hu: Density of every tissue, in Hounsfield units, in this phase of the contrast agent.
        dose: Factor on the distance of blood from water, which each case's timing decides.
        noise_hu: Standard deviation of the noise.
        blur: Share that every voxel gives to each neighbour; 0 to 0.25.
        overlap: Thickness of a slice in terms of the distance to the next one.
        lesions: Share of the cases with a mass in the organ.
    """

    size: tuple[int, int, int]
    field_mm: Range
    length_mm: Range
    off_mm: float
    hu: Mapping[str, float]
    dose: Range
    noise_hu: Range
    blur: float
    overlap: float
    lesions: float


_PORTAL_VENOUS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "air": -950.0,
        "fat": -100.0,
        "skin": 20.0,
        "muscle": 58.0,
        "disc": 85.0,
        "cortical bone": 480.0,
        "spongy bone": 210.0,
        "nerve": 30.0,
        "water": 10.0,
        "stool": -60.0,
        "bowel": 88.0,
        "liver": 108.0,
        "spleen": 120.0,
        "kidney": 180.0,
        "artery": 140.0,
        "vein": 150.0,
        "pancreas": 90.0,
        "lesion": 55.0,
    }
)

_PANCREATIC: Final[Mapping[str, float]] = MappingProxyType(
    {
        **_PORTAL_VENOUS,
        "fat": -108.0,
        "bowel": 100.0,
        "liver": 78.0,
        "spleen": 140.0,
        "kidney": 200.0,
        "artery": 260.0,
        "vein": 125.0,
        "pancreas": 112.0,
        "lesion": 68.0,
    }
)

LOOKS: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "source": Look(
            size=(64, 64, 40),
            field_mm=(112.0, 122.0),
            length_mm=(46.0, 54.0),
            off_mm=3.0,
            hu=_PORTAL_VENOUS,
            dose=(0.85, 1.15),
            noise_hu=(8.0, 14.0),
            blur=0.12,
            overlap=1.5,
            lesions=0.0,
        ),
        "target": Look(
            size=(64, 64, 24),
            field_mm=(94.0, 106.0),
            length_mm=(52.0, 60.0),
            off_mm=6.0,
            hu=_PANCREATIC,
            dose=(0.7, 1.2),
            noise_hu=(16.0, 26.0),
            blur=0.2,
            overlap=1.0,
            lesions=1.0,
        ),
    }
)
"""`source`: thin slices of the whole trunk, in the portal venous phase. `target`: thick and noisy
slices of a narrower field, in the pancreatic phase, and a mass in every organ."""
