"""Checks of what a config gives a method."""

from __future__ import annotations

from math import isfinite
from typing import TypeGuard

from ssl_seg.core.errors import UserError


def check_share(name: str, value: object, *, one: bool = True) -> None:
    """Check that an argument is a number in [0, 1], or in [0, 1) where ``one`` is false.

    Raises:
        UserError: it is not; names the argument, as ``name``.
    """
    if not (_is_number(value) and 0 <= value <= 1 and (one or value != 1)):
        raise UserError(
            f"{name}: expected a number in {'[0, 1]' if one else '[0, 1)'}, got {value!r}"
        )


def check_weight(name: str, value: object) -> None:
    """Check that an argument is a finite number of at least 0.

    Raises:
        UserError: it is not; names the argument, as ``name``.
    """
    if not (_is_number(value) and value >= 0):
        raise UserError(f"{name}: expected a number of at least 0, got {value!r}")


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
