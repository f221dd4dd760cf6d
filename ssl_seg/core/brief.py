"""How a message names many things: the first of them, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence


def brief(names: Sequence[str], shown: int = 6) -> str:
    """Return names for a message.

    >>> brief(["road", "car"])
    'road, car'
    >>> brief(["road", "car", "sky", "tree"], shown=2)
    'road, car, ... 4 in all'
    """
    listed = ", ".join(names[:shown])
    return f"{listed}, ... {len(names)} in all" if len(names) > shown else listed
