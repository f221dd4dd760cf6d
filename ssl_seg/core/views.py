"""Views: the axes along which a volume is cut into slices."""

from __future__ import annotations

from typing import Literal, TypeAlias

BodyView: TypeAlias = Literal["coronal", "sagittal", "axial"]
View: TypeAlias = BodyView | Literal["acquired"]

BODY_VIEWS: tuple[BodyView, ...] = ("coronal", "sagittal", "axial")
"""Along the axes of the body, in the order of the RSTN reference code (X, Y, Z)."""

VIEWS: tuple[View, ...] = (*BODY_VIEWS, "acquired")
"""All of them; ``acquired`` follows each file's own slices."""
