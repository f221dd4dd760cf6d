"""The fold protocol of published organ segmentation: contiguous blocks of the sorted cases.

The rule is that of RSTN's released code (``in_training_set``): folds are as equal as they can be,
and the last ones have one case more. 82 cases in four folds are 1–20, 21–40, 41–61 and 62–82.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ssl_seg.core.errors import UserError
from ssl_seg.registry import suggestion

T = TypeVar("T")

_PARTS = ("train", "test")


def fold_range(cases: int, folds: int, fold: int) -> range:
    """Return the positions of a fold's cases.

    Args:
        cases: number of cases.
        folds: number of folds, at most one per case.
        fold: counted from 0.
    """
    size, more = divmod(cases, folds)
    last_smaller = folds - more
    start, end = (size * at + max(0, at - last_smaller) for at in (fold, fold + 1))
    return range(start, end)


@dataclass(frozen=True)
class FoldPart:
    """Training or test cases of one fold.

    Attributes:
        part: ``test`` for the cases of the fold, ``train`` for all others.
        fold: that is held out, counted from 0.
        folds: number of folds.
    """

    part: str
    fold: int
    folds: int

    @classmethod
    def chosen(cls, part: str | None, fold: int, folds: int) -> FoldPart | None:
        """Check what a config says of folds; ``None`` where it asks for all cases.

        Raises:
            UserError: there is no such part or fold; the message starts with the argument's name.
        """
        if part is not None and part not in _PARTS:
            raise UserError(f"part: there is no part {part!r}{suggestion(str(part), _PARTS)}")
        if not _is_count(folds) or folds < 2:
            raise UserError(f"folds: expected a whole number of at least 2, got {folds!r}")
        if not _is_count(fold) or not 0 <= fold < folds:
            raise UserError(
                f"fold: expected a whole number from 0 to {folds - 1}, as there are {folds} folds, "
                f"got {fold!r}"
            )
        if part is None and fold:
            raise UserError(
                f"fold: all cases are asked for, so fold {fold} means nothing; add part='train' "
                "for all cases outside of it or part='test' for those in it"
            )
        return None if part is None else cls(part, fold, folds)

    def of(self, cases: Sequence[T]) -> list[T]:
        """Return those of the sorted cases that are in this part.

        Raises:
            UserError: there are fewer cases than folds.
        """
        if len(cases) < self.folds:
            raise UserError(
                f"folds: {len(cases)} cases cannot be divided into {self.folds} folds; lower folds "
                "or add cases"
            )
        held_out = fold_range(len(cases), self.folds, self.fold)
        return [case for at, case in enumerate(cases) if (at in held_out) == (self.part == "test")]


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)
