"""Which of a data set's published parts a config asks for."""

from __future__ import annotations

from collections.abc import Sequence

from ssl_seg.core.errors import UserError
from ssl_seg.registry import suggestion


def chosen_splits(split: str | Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the names of one or several parts, in the order given.

    Raises:
        UserError: there is none, one is unknown, or one is named twice.
    """
    names = (split,) if isinstance(split, str) else tuple(split)
    if not names:
        raise UserError(f"split: expected one or more of {', '.join(known)}, got none")
    for name in names:
        if name not in known:
            raise UserError(f"split: there is no part {name!r}{suggestion(str(name), known)}")
    if len(set(names)) < len(names):
        raise UserError(f"split: a part is named twice in {list(names)}")
    return names
