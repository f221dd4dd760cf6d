"""Checks of the numbers that random transforms are given."""

from __future__ import annotations

from collections.abc import Sequence

from ssl_seg.core.errors import UserError


def number_within(value: float, name: str, low: float, high: float) -> float:
    """Return a number of [low, high].

    Raises:
        UserError: it is none, or lies outside.
    """
    if not _is_number(value) or not low <= value <= high:
        raise UserError(f"{name}: expected a number in [{low:g}, {high:g}], got {value!r}")
    return value


def range_within(value: Sequence[float], name: str, low: float, high: float) -> tuple[float, float]:
    """Return a range (least, largest) whose ends lie in [low, high].

    Raises:
        UserError: it is none, is turned round, or goes beyond.
    """
    is_pair = isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_number, value))
    if not is_pair or not low <= value[0] <= value[1] <= high:
        raise UserError(
            f"{name}: expected (least, largest) with both in [{low:g}, {high:g}], got {value!r}"
        )
    return value[0], value[1]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
