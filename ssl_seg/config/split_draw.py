"""The labeled set, drawn from the training data set or read from a list file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.lists import select
from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.core.split import count_of, draw_groups, draw_random, draw_spread
from ssl_seg.registry import suggestion

_DRAWS = {"random": draw_random, "spread": draw_spread, "groups": draw_groups}


def draw_training_cases(
    train: Catalog, split: Mapping[str, Any], seed: int, folder: Path
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Return S, and the cases of the training data set that R may consist of.

    Args:
        train: the training data set.
        split: that part of the config.
        seed: of the draw.
        folder: that list files are relative to.

    Raises:
        UserError: there are fewer cases with a label than asked for, a list file names others, or
            there is no such way to draw.
    """
    amount = split.get("labeled")
    with_labels = tuple(case for case in train.cases if case.label is not None)
    if isinstance(amount, str):
        labeled = select(train.cases, folder / amount, "split.labeled")
        if missing := [case.id for case in labeled if case.label is None]:
            raise UserError(f"split.labeled: {missing[0]!r} has no label file")
    elif amount is None:
        labeled = with_labels
    else:
        # R may be images alone, so a fraction counts all cases of the training data set.
        count = count_of(amount, len(train.cases), "split.labeled")
        if count > len(with_labels):
            raise UserError(
                f"split.labeled asks for {count} labeled cases, but only {len(with_labels)} of "
                f"{len(train.cases)} have a label file"
            )
        labeled = way_to_draw(split)(_drawable(train.cases, split), count, seed)
    taken = {case.id for case in labeled}
    rest = tuple(case for case in train.cases if case.id not in taken)
    reference = split.get("reference")
    if isinstance(reference, str):
        rest = select(train.cases, folder / reference, "split.reference")
    return labeled, rest


def _drawable(cases: Sequence[Case], split: Mapping[str, Any]) -> tuple[Case, ...]:
    """Return the cases that S may be drawn from: whole groups only where groups are drawn."""
    bare = [case for case in cases if case.label is None]
    if split.get("draw") != "groups":
        return tuple(case for case in cases if case.label is not None)
    parted = {case.group for case in bare}
    whole = tuple(case for case in cases if case.group not in parted)
    if not whole:
        raise UserError(
            f"split.draw='groups': each group has cases without a label file, e.g. {bare[0].id!r}, "
            "so none can be drawn whole"
        )
    return whole


def way_to_draw(split: Mapping[str, Any]) -> Callable[..., tuple[Case, ...]]:
    """Return the function that takes cases, a count and a seed, and draws.

    Raises:
        UserError: there is no such way.
    """
    how = split.get("draw", "random")
    if how not in _DRAWS:
        raise UserError(f"split.draw: unknown way to draw {how!r}{suggestion(how, _DRAWS)}")
    return _DRAWS[how]
