"""Splits: which cases are labeled (S), reference (R) and test (E), and how R falls into folds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, TypeAlias

from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.core.fingerprint import ranked

CaseList: TypeAlias = Literal["labeled", "reference", "test", "validation"]
"""The case lists of a split, by name."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """Disjoint case lists of one experiment.

    Attributes:
        labeled: S, cases whose labels train.
        reference: R, cases that are labeled by models; their true labels, where they exist, are
            used for the reference score and nothing else.
        test: E, cases that only the final scores look at.
        validation: cases that are scored like E but may be looked at while tuning.

    Raises:
        UserError: S is empty, or a file stands in two lists.
    """

    labeled: tuple[Case, ...]
    reference: tuple[Case, ...] = ()
    test: tuple[Case, ...] = ()
    validation: tuple[Case, ...] = ()

    def __post_init__(self) -> None:
        if not self.labeled:
            raise UserError("the split has no labeled case; nothing can be learned from it")
        list_of: dict[str, str] = {}
        for name, cases in self.lists().items():
            for case in cases:
                if (other := list_of.setdefault(case.image.path, name)) != name:
                    raise UserError(
                        f"case {case.id!r} is in two lists, {other} and {name} "
                        f"({case.image.path}); a case may stand in one of them only"
                    )

    def lists(self) -> Mapping[str, tuple[Case, ...]]:
        """Return the lists by name, empty ones included."""
        return {
            "labeled": self.labeled,
            "reference": self.reference,
            "test": self.test,
            "validation": self.validation,
        }


@dataclass(frozen=True)
class Folds:
    """Disjoint parts of R that together are all of R.

    Attributes:
        parts: the cases of each fold, in catalog order.
        whole_groups: whether no group is parted; otherwise folds are contiguous blocks.
    """

    parts: tuple[tuple[Case, ...], ...]
    whole_groups: bool


def count_of(amount: float, total: int, where: str) -> int:
    """Return how many of ``total`` cases an amount means.

    Args:
        amount: a whole number is a count, a float strictly between 0 and 1 a fraction (rounded
            half up).
        total: how many cases there are.
        where: the amount's place in the config, for messages.

    Raises:
        UserError: the amount is none of both or leaves no case.
    """
    if isinstance(amount, bool) or not isinstance(amount, (int, float)):
        raise UserError(
            f"{where}: expected a fraction, a count or (split.labeled) a list file, got {amount!r}"
        )
    if isinstance(amount, int):
        count = amount
    elif 0 < amount < 1:
        # The fraction as it is written: 0.29 of 50 is 14.5, though 0.29 * 50 is a little less.
        count = int((Decimal(str(amount)) * total).quantize(Decimal(1), ROUND_HALF_UP))
    else:
        raise UserError(
            f"{where} as a fraction must lie between 0 and 1, got {amount}; "
            "write a whole number for a count"
        )
    if not 1 <= count <= total:
        raise UserError(f"{where} asks for {count} of {total} cases; give 1 to {total}")
    return count


def draw_random(cases: Sequence[Case], count: int, seed: int) -> tuple[Case, ...]:
    """Draw ``count`` cases with equal chances, in catalog order."""
    chosen = set(ranked((case.id for case in cases), "labeled", seed)[:count])
    return tuple(case for case in cases if case.id in chosen)


def draw_spread(cases: Sequence[Case], count: int, seed: int) -> tuple[Case, ...]:
    """Draw ``count`` cases spread over groups and time.

    Each group gets its share by size (largest remainders); inside a group one case is drawn from
    each of as many equally long runs of neighbouring cases. Neighbouring video frames look alike,
    so this covers more of a video than an equal-chance draw.
    """
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.group].append(case)
    chosen: set[str] = set()
    sizes = {name: len(groups[name]) for name in ranked(groups, "shares", seed)}
    for group, share in _shares(sizes, count).items():
        members = groups[group]
        for run in range(share):
            start, end = run * len(members) // share, (run + 1) * len(members) // share
            names = [case.id for case in members[start:end]]
            chosen.add(ranked(names, "spread", seed)[0])
    return tuple(case for case in cases if case.id in chosen)


def draw_groups(cases: Sequence[Case], count: int, seed: int) -> tuple[Case, ...]:
    """Draw whole groups with as close to ``count`` cases as whole groups allow.

    What is drawn shares no group with the rest. Of two totals that are equally close the smaller
    one is taken. Unless all cases are asked for, there is at least one group on either side.

    Raises:
        UserError: a part of the cases is asked for, but all are of one group.
    """
    sizes = Counter(case.group for case in cases)
    if count < len(cases) and len(sizes) == 1:
        raise UserError(
            f"split.draw='groups' cannot take {count} of {len(cases)} cases: all are of one group, "
            f"{cases[0].group!r}; tell which cases belong together by the data set's 'group', or "
            "draw in another way"
        )
    chosen = _nearest_sum({name: sizes[name] for name in ranked(sizes, "groups", seed)}, count)
    return tuple(case for case in cases if case.group in chosen)


def _nearest_sum(sizes: Mapping[str, int], count: int) -> set[str]:
    """Choose names whose sizes sum up as nearly as can be to a count, early names first."""
    everything = sum(sizes.values())
    most = everything if count == everything else everything - 1
    # By sum: the name that made it reachable first. What made the rest of it stands before that.
    last: dict[int, str] = {}
    for name, size in sizes.items():
        if count in last:
            break
        for rest in (0, *last):
            if rest + size <= most:
                last.setdefault(rest + size, name)
    reached = min(last, key=lambda total: (abs(total - count), total))
    chosen = set()
    while reached:
        chosen.add(last[reached])
        reached -= sizes[last[reached]]
    return chosen


def _shares(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """Divide a count by size; of groups with equal remainders the first ones get more."""
    total = sum(sizes.values())
    shares = {name: size * count // total for name, size in sizes.items()}
    by_remainder = sorted(sizes, key=lambda name: -(sizes[name] * count % total))
    for name in by_remainder[: count - sum(shares.values())]:
        shares[name] += 1
    return shares


def shared_groups(cases: Iterable[Case], others: Iterable[Case]) -> list[str]:
    """Return the groups of the cases that others have too, in order."""
    known = {case.group for case in others}
    return [group for group in dict.fromkeys(case.group for case in cases) if group in known]


def fold_reference(reference: Sequence[Case], folds: int, seed: int) -> Folds:
    """Divide R into folds by seed: whole groups, balanced by cases.

    With fewer than ``2 * folds`` groups no balanced choice is left; folds are then contiguous
    blocks of the catalog order, so that neighbouring frames still mostly stay together.

    Raises:
        UserError: fewer cases than folds.
    """
    if len(reference) < folds:
        raise UserError(f"{len(reference)} reference cases cannot be divided into {folds} folds")
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in reference:
        groups[case.group].append(case)
    if len(groups) < 2 * folds:
        size = len(reference)
        blocks = (
            tuple(reference[fold * size // folds : (fold + 1) * size // folds])
            for fold in range(folds)
        )
        return Folds(tuple(blocks), whole_groups=False)
    return Folds(_balanced(reference, groups, folds, seed), whole_groups=True)


def _balanced(
    reference: Iterable[Case], groups: Mapping[str, list[Case]], folds: int, seed: int
) -> tuple[tuple[Case, ...], ...]:
    fold_of: dict[str, int] = {}
    filled = [0] * folds
    # Large groups first, each into the emptiest fold; the seed decides between equal ones.
    for group in sorted(ranked(groups, "folds", seed), key=lambda name: -len(groups[name])):
        fold = filled.index(min(filled))
        fold_of[group] = fold
        filled[fold] += len(groups[group])
    return tuple(
        tuple(case for case in reference if fold_of[case.group] == fold) for fold in range(folds)
    )
