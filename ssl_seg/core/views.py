"""Views: the axes along which a volume is cut into slices."""

from __future__ import annotations

from typing import Literal, TypeAlias

View: TypeAlias = Literal["coronal", "sagittal", "axial"]

VIEWS: tuple[View, ...] = ("coronal", "sagittal", "axial")
"""All of them, in the order in which the RSTN reference code numbers them (X, Y, Z)."""
