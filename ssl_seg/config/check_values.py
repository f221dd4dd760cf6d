"""Checks of single values of a config; each names the place where the value stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any, TypeAlias

from ssl_seg.core.errors import UserError
from ssl_seg.registry import suggestion

Check: TypeAlias = Callable[[Any, str], None]
"""Takes a value and its place in the config, and raises a `UserError` if it is of no use."""


def only(part: Any, valid: Iterable[str], where: str) -> None:
    """Check that a part is a dict without other keys than the valid ones."""
    a_dict(part, where)
    for key in part:
        if key not in valid:
            raise UserError(f"{where}.{key}: unknown key{suggestion(str(key), valid)}")


def a_dict(value: Any, where: str) -> None:
    """Check for a dict."""
    if not isinstance(value, Mapping):
        raise UserError(f"{where}: expected a dict, got {value!r}")


def typed(value: Any, where: str) -> None:
    """Check for a dict that names a type."""
    if not isinstance(value, Mapping) or not isinstance(value.get("type"), str):
        raise UserError(f"{where}: expected a dict with a 'type', got {value!r}")


def several_typed(value: Any, where: str) -> None:
    """Check for a list of dicts that name their types."""
    if not isinstance(value, (list, tuple)):
        raise UserError(f"{where}: expected a list of dicts, got {value!r}")
    for position, part in enumerate(value):
        typed(part, f"{where}[{position}]")


def one_or_several_typed(value: Any, where: str) -> None:
    """Check for a dict that names a type, or a list of them."""
    (typed if isinstance(value, Mapping) else several_typed)(value, where)


def text(value: Any, where: str) -> None:
    """Check for a text."""
    if not isinstance(value, str):
        raise UserError(f"{where}: expected a string, got {value!r}")


def number(value: Any, where: str) -> None:
    """Check for a number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UserError(f"{where}: expected a number, got {value!r}")


def number_or_zero(value: Any, where: str) -> None:
    """Check for a finite number of at least 0."""
    number(value, where)
    if not 0 <= value < inf:
        raise UserError(f"{where}: expected a number of at least 0, got {value!r}")


def count(value: Any, where: str) -> None:
    """Check for a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserError(f"{where}: expected a whole number of at least 1, got {value!r}")


def count_or_zero(value: Any, where: str) -> None:
    """Check for a whole number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UserError(f"{where}: expected a whole number of at least 0, got {value!r}")


def count_or_none(value: Any, where: str) -> None:
    """Check for a whole number of at least 1, or None."""
    if value is not None:
        count(value, where)


def share(value: Any, where: str) -> None:
    """Check for a number between 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
        raise UserError(f"{where}: expected a number between 0 and 1, got {value!r}")


def decay(value: Any, where: str) -> None:
    """Check for a number from 0 to below 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise UserError(f"{where}: expected a number from 0 to below 1, got {value!r}")


def yes_or_no(value: Any, where: str) -> None:
    """Check for True or False."""
    if not isinstance(value, bool):
        raise UserError(f"{where}: expected True or False, got {value!r}")
