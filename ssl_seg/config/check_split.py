"""Checks of the case lists once they are drawn."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable

from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.core.split import Split

logger = logging.getLogger(__name__)


def check_split(split: Split, views: Iterable[str]) -> None:
    """Check what the lists hold; warn of pictures that stand in two of them.

    Args:
        split: as drawn.
        views: of the config.

    Raises:
        UserError: there are views and pictures, or volumes and no views; or a case to be scored has
            no true label.
    """
    _check_views(split, views)
    _check_scored(split)
    _warn_of_copies(split)


def _check_views(split: Split, views: Iterable[str]) -> None:
    """Check that views cut volumes, and only those."""
    for name, cases in split.lists().items():
        for case in cases:
            if case.medium == "volumes" and not views:
                raise UserError(
                    f"views: the {name} case {case.id!r} is a volume ({case.image.path}), and "
                    "volumes are learned slice by slice; say along which axes, such as "
                    "views=('acquired',) or views=('coronal', 'sagittal', 'axial')"
                )
            if case.medium == "pictures" and views:
                raise UserError(
                    f"views: they cut volumes into slices, but the {name} case {case.id!r} is a "
                    f"picture ({case.image.path}); leave views out"
                )


def _check_scored(split: Split) -> None:
    for key, cases in (("test", split.test), ("val", split.validation)):
        if bare := [case.id for case in cases if case.label is None]:
            raise UserError(
                f"{key}_dataloader.dataset: {len(bare)} of {len(cases)} cases have no true label, "
                f"e.g. {bare[0]!r}, so they cannot be scored; name a list of those that have one"
            )


def _warn_of_copies(split: Split) -> None:
    """Warn of pictures that stand in two lists as two files, which their paths do not tell."""
    first: dict[str, tuple[str, Case]] = {}
    copies: dict[tuple[str, str], list[tuple[Case, Case]]] = defaultdict(list)
    for name, cases in split.lists().items():
        for case in cases:
            earlier, other = first.setdefault(case.image.digest, (name, case))
            if earlier != name:
                copies[earlier, name].append((other, case))
    for (earlier, name), pairs in copies.items():
        logger.warning(
            "%d pictures of %s are in %s too, under another path, e.g. %s and %s; remove one of "
            "each, or scores rest on pictures that were trained on",
            len(pairs),
            earlier,
            name,
            *(case.image.path for case in pairs[0]),
        )
