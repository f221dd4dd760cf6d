"""What a reader of a plan should know of the split: counts that groups change, and leaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ssl_seg.config.reference_sets import reference_sets
from ssl_seg.core.case import Case
from ssl_seg.core.split import Split, count_of, shared_groups


def split_notes(split: Split, config: Mapping[str, Any], train_cases: int) -> Iterator[str]:
    """Say where whole groups miss the count asked for, and which groups stand in several lists.

    Args:
        split: as drawn.
        config: a checked config.
        train_cases: how many cases the training data set has.
    """
    yield from _missed_count(split, config["split"], train_cases)
    train = _roots(config, "train")
    own = reference_sets(config["split"])
    reference = _folders(own) if own else train
    # Names of patients or videos of two data sets may be alike by chance.
    if reference & train:
        yield from _labeled_and_reference(split)
    if _roots(config, "test") & (train | reference):
        yield from _trained_and_scored("E", split.test, split)
    if _roots(config, "val") & (train | reference):
        yield from _trained_and_scored("the validation set", split.validation, split)


def _roots(config: Mapping[str, Any], part: str) -> set[str]:
    loader = config.get(f"{part}_dataloader")
    return _folders([loader["dataset"]]) if loader else set()


def _folders(data_sets: Iterable[Mapping[str, Any]]) -> set[str]:
    return {str(Path(one["data_root"]).absolute()) for one in data_sets if "data_root" in one}


def _missed_count(split: Split, asked: Mapping[str, Any], total: int) -> Iterator[str]:
    amount = asked.get("labeled")
    if asked.get("draw") != "groups" or amount is None or isinstance(amount, str):
        return
    count = count_of(amount, total, "split.labeled")
    if count != len(split.labeled):
        yield (
            f"split.labeled asks for {count} of {total} cases; whole groups make it "
            f"{len(split.labeled)}"
        )


def _labeled_and_reference(split: Split) -> Iterator[str]:
    if shared := shared_groups(split.reference, split.labeled):
        yield (
            f"S and R share {len(shared)} of R's {_groups(split.reference)} groups, e.g. "
            f"{shared[0]!r}: R's labels are better there than they would be for new groups; "
            "split.draw='groups' draws whole groups"
        )


def _trained_and_scored(name: str, cases: tuple[Case, ...], split: Split) -> Iterator[str]:
    if shared := shared_groups(cases, (*split.labeled, *split.reference)):
        yield (
            f"{name} shares {len(shared)} of its {_groups(cases)} groups with S or R, e.g. "
            f"{shared[0]!r}: its scores are better there than they would be for new groups"
        )


def _groups(cases: Iterable[Case]) -> int:
    return len({case.group for case in cases})
