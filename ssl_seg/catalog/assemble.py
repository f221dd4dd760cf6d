"""From files to checked cases: what all data sets have in common."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.contiguous_folds import FoldPart
from ssl_seg.catalog.index import DigestIndex, raise_problems
from ssl_seg.catalog.lists import pick
from ssl_seg.catalog.mask_causes import black_and_white, likely_cause
from ssl_seg.core.case import Case, LabelFile
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelValues
from ssl_seg.media.by_name import PICTURES
from ssl_seg.media.facts import CountedFacts, Known, SizedFacts
from ssl_seg.media.medium import Medium

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """The files of one case as a data set's layout tells, before anything is read.

    Attributes:
        id: the case id.
        image: absolute path.
        mask: absolute path, ``None`` for an image without a label.
        group: see `ssl_seg.core.case.Case`.
    """

    id: str
    image: str
    mask: str | None
    group: str


@dataclass(frozen=True)
class _Pair:
    """One case's files with what is in them."""

    entry: Entry
    image: Known[SizedFacts]
    mask: Known[CountedFacts] | None


def assemble(
    name: str,
    values: LabelValues,
    entries: Sequence[Entry],
    index: DigestIndex,
    *,
    medium: Medium = PICTURES,
    list_file: Path | None = None,
    part: FoldPart | None = None,
    cause: str | None = None,
) -> Catalog:
    """Look into the files of a data set and check them.

    Args:
        name: what messages call the data set.
        values: how label files are read.
        entries: in catalog order.
        index: of file digests.
        medium: what the files are.
        list_file: keeps the cases that it lists; the others' files are not opened.
        part: keeps a part of these; the others' files are not opened either.
        cause: why a mask of this data set may hold unlisted values, instead of a guess.

    Raises:
        UserError: two cases have the same id, the list or a file is bad, an image and its mask
            do not fit together, or a mask holds a value that the label space does not list.
    """
    chosen = _chosen(name, entries, list_file)
    pairs = _look(chosen if part is None else part.of(chosen), index, medium)
    raise_problems(_misfits(pairs, medium))
    _check_values(pairs, values, cause)
    unlabeled = [pair.entry.id for pair in pairs if pair.mask is None]
    if unlabeled:
        _log.info(
            "%s: %d of %d images have no label, e.g. %s",
            name,
            len(unlabeled),
            len(pairs),
            unlabeled[0],
        )
    cases = (
        Case(
            id=pair.entry.id,
            image=pair.image.file,
            label=_label_file(pair.mask) if pair.mask else None,
            group=pair.entry.group,
            medium=medium.name,
        )
        for pair in pairs
    )
    return Catalog(name, values, tuple(cases), medium.name)


def _label_file(mask: Known[CountedFacts]) -> LabelFile:
    return LabelFile(mask.file.path, mask.file.digest, mask.facts.pixels)


def _chosen(name: str, entries: Sequence[Entry], list_file: Path | None) -> list[Entry]:
    known: dict[str, Entry] = {}
    for entry in entries:
        if (other := known.setdefault(entry.id, entry)) is not entry:
            raise UserError(
                f"{name}: two images have the case id {entry.id!r}: {other.image} and "
                f"{entry.image}; rename or remove one"
            )
    chosen = known if list_file is None else pick(known, list_file, "list_file")
    return list(chosen.values())


def _look(entries: Sequence[Entry], index: DigestIndex, medium: Medium) -> list[_Pair]:
    images = index.read([entry.image for entry in entries], medium.image_facts)
    masks = iter(index.read([entry.mask for entry in entries if entry.mask], medium.mask_facts))
    return [
        _Pair(entry, image, next(masks) if entry.mask else None)
        for entry, image in zip(entries, images, strict=True)
    ]


def _misfits(pairs: Sequence[_Pair], medium: Medium) -> Iterator[str]:
    for pair in pairs:
        if pair.mask and (misfit := medium.misfit(pair.image, pair.mask)):
            yield misfit


def _check_values(pairs: Sequence[_Pair], values: LabelValues, cause: str | None) -> None:
    listed = {value for value, _ in values.table}
    masks = [pair.mask for pair in pairs if pair.mask]
    everywhere = {value for mask in masks for value in _held(mask)}
    if black_and_white(everywhere, values):
        raise UserError(
            f"{masks[0].file.path}: all masks hold 0 and 255 only, and 255 is the ignore value, so "
            f"no pixel is of class {values.space.classes[1]!r}; did you mean 1? Write 1 instead of "
            "255 into the masks, or map the values (ImageFolder, VolumeFolder: values=(0, 255), "
            "ignore=())"
        )
    bad = [mask for mask in masks if not listed.issuperset(_held(mask))]
    if bad:
        outside = sorted(_held(bad[0]) - listed)
        more = f" ({len(bad) - 1} more masks hold such values)" if len(bad) > 1 else ""
        raise UserError(
            f"{bad[0].file.path}: the mask holds the values {_ranges(outside)}, which label space "
            f"{values.space.name!r} does not list; allowed are {_ranges(sorted(listed))}{more}. "
            + (cause or likely_cause(everywhere, values))
        )


def _held(mask: Known[CountedFacts]) -> set[int]:
    return {value for value, _ in mask.facts.pixels}


def _ranges(numbers: Sequence[int]) -> str:
    """Write ascending numbers for people: ``0–10, 255``."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(f"{first}–{last}" if first < last else f"{first}" for first, last in parts)
