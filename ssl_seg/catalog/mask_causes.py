"""Why masks may not fit a label space: guesses that save the user a search."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from ssl_seg.core.space import LabelValues

_WHITE = 255


def black_and_white(found: AbstractSet[int], values: LabelValues) -> bool:
    """Tell whether masks of two or more classes hold 0 and 255 only, and 255 is ignored.

    Such masks are allowed value by value, but nothing can be learned from them.
    """
    numbers = dict(values.table)
    ignored = numbers.get(_WHITE) == values.space.ignore
    return found == {0, _WHITE} and numbers.get(0) == 0 and ignored and len(values.space) > 1


def likely_cause(found: AbstractSet[int], values: LabelValues) -> str:
    """Guess why some values are not listed.

    Args:
        found: all values in all masks of the data set; at least one is not listed.
        values: how label files are read.
    """
    outside = found - {value for value, _ in values.table}
    count = len(values.space)
    if found == {0, _WHITE}:
        return "Did you mean 1? Black-and-white masks need values=(0, 255), or 1 in place of 255"
    if outside == {_WHITE}:
        return "255 usually marks pixels of no class: set ignore=255"
    if outside == {count} and 0 not in found:
        return f"The masks seem to count classes from 1: write values=(1, ..., {count})"
    if outside == {count}:
        return (
            f"There are {count} classes, numbered from 0: is one missing in classes, or is 0 "
            f"or {count} no class (ignore)?"
        )
    return (
        f"There are {count} classes, numbered from 0: is a class missing, is one of the values no "
        "class (ignore), or do the masks follow another numbering (values)?"
    )
